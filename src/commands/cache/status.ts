import { reportCommand } from '../../lib/cli/report-command.ts'
import { cacheStatus } from '../../lib/reports/cache/status.ts'

export default reportCommand(cacheStatus)
