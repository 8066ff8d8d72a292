import { reportCommand } from '../../lib/cli/report-command.ts'
import { nodesUpdates } from '../../lib/reports/nodes/updates.ts'

export default reportCommand(nodesUpdates)
