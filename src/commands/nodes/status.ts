import { reportCommand } from '../../lib/cli/report-command.ts'
import { nodesStatus } from '../../lib/reports/nodes/status.ts'

export default reportCommand(nodesStatus)
