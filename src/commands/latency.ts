import { reportCommand } from '../lib/cli/report-command.ts'
import { latency } from '../lib/reports/latency.ts'

export default reportCommand(latency)
