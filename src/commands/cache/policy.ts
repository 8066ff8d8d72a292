import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { policy } from '../../lib/procedures/cache/policy.ts'

export default procedureCommand(policy)
