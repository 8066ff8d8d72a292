import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { restart } from '../../lib/procedures/deploy/restart.ts'

export default procedureCommand(restart)
