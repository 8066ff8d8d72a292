import { reportCommand } from '../../lib/cli/report-command.ts'
import { costStatus } from '../../lib/reports/cost/status.ts'

export default reportCommand(costStatus)
