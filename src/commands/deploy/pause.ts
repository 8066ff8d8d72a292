import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { pause } from '../../lib/procedures/deploy/pause.ts'

export default procedureCommand(pause)
