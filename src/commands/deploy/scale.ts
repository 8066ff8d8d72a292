import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { scale } from '../../lib/procedures/deploy/scale.ts'

export default procedureCommand(scale)
