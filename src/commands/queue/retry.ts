import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { retry } from '../../lib/procedures/queue/retry.ts'

export default procedureCommand(retry)
