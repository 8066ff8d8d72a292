import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { rotate } from '../../lib/procedures/secrets/rotate.ts'

export default procedureCommand(rotate)
