import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { upgrade } from '../../lib/procedures/cluster/upgrade.ts'

export default procedureCommand(upgrade)
