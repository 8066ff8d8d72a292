import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { tidy } from '../../lib/procedures/cluster/tidy.ts'

export default procedureCommand(tidy)
