import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { drain } from '../../lib/procedures/nodes/drain.ts'

export default procedureCommand(drain)
