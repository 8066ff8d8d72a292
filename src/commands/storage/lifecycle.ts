import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { lifecycle } from '../../lib/procedures/storage/lifecycle.ts'

export default procedureCommand(lifecycle)
