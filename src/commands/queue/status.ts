import { reportCommand } from '../../lib/cli/report-command.ts'
import { queueStatus } from '../../lib/reports/queue/status.ts'

export default reportCommand(queueStatus)
