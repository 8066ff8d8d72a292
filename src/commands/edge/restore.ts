import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { restore } from '../../lib/procedures/edge/restore.ts'

export default procedureCommand(restore)
