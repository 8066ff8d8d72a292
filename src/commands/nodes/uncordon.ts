import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { uncordon } from '../../lib/procedures/nodes/uncordon.ts'

export default procedureCommand(uncordon)
