import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { snapshot } from '../../lib/procedures/cluster/snapshot.ts'

export default procedureCommand(snapshot)
