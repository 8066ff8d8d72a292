import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { pause } from '../../lib/procedures/queue/pause.ts'

export default procedureCommand(pause)
