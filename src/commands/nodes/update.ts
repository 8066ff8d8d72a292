import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { update } from '../../lib/procedures/nodes/update.ts'

export default procedureCommand(update)
