import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { prune } from '../../lib/procedures/registry/prune.ts'

export default procedureCommand(prune)
