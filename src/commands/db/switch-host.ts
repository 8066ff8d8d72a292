import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { switchHost } from '../../lib/procedures/db/switch-host.ts'

export default procedureCommand(switchHost)
