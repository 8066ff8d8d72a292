import { reportCommand } from '../lib/cli/report-command.ts'
import { status } from '../lib/reports/status.ts'

export default reportCommand(status)
