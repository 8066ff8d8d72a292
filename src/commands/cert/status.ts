import { reportCommand } from '../../lib/cli/report-command.ts'
import { certStatus } from '../../lib/reports/cert/status.ts'

export default reportCommand(certStatus)
