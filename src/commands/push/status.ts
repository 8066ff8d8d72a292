import { reportCommand } from '../../lib/cli/report-command.ts'
import { pushStatus } from '../../lib/reports/push/status.ts'

export default reportCommand(pushStatus)
