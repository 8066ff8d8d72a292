import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { rotate } from '../../lib/procedures/cert/rotate.ts'

export default procedureCommand(rotate)
