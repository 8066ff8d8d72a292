import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { reboot } from '../../lib/procedures/nodes/reboot.ts'

export default procedureCommand(reboot)
