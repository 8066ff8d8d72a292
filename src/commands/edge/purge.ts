import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { purge } from '../../lib/procedures/edge/purge.ts'

export default procedureCommand(purge)
