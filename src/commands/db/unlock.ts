import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { unlock } from '../../lib/procedures/db/unlock.ts'

export default procedureCommand(unlock)
