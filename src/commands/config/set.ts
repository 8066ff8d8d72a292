import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { configSet } from '../../lib/procedures/config/set.ts'

export default procedureCommand(configSet)
