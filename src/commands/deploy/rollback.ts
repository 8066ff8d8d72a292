import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { rollback } from '../../lib/procedures/deploy/rollback.ts'

export default procedureCommand(rollback)
