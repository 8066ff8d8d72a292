import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { revoke } from '../../lib/procedures/access/revoke.ts'

export default procedureCommand(revoke)
