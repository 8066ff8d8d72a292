import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { drop } from '../../lib/procedures/queue/drop.ts'

export default procedureCommand(drop)
