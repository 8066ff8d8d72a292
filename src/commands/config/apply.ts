import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { apply } from '../../lib/procedures/config/apply.ts'

export default procedureCommand(apply)
