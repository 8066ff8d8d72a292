import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { sync } from '../../lib/procedures/secrets/sync.ts'

export default procedureCommand(sync)
