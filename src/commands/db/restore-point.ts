import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { restorePoint } from '../../lib/procedures/db/restore-point.ts'

export default procedureCommand(restorePoint)
