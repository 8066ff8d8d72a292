import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { fixToken } from '../../lib/procedures/observability/fix-token.ts'

export default procedureCommand(fixToken)
