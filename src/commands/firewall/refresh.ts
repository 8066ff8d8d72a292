import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { refresh } from '../../lib/procedures/firewall/refresh.ts'

export default procedureCommand(refresh)
