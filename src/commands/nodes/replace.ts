import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { replace } from '../../lib/procedures/nodes/replace.ts'

export default procedureCommand(replace)
