import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { clean } from '../../lib/procedures/nodes/clean.ts'

export default procedureCommand(clean)
