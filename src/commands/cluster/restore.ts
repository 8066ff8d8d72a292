import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { restore } from '../../lib/procedures/cluster/restore.ts'

export default procedureCommand(restore)
