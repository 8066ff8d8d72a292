import { reportCommand } from '../../lib/cli/report-command.ts'
import { deployStatus } from '../../lib/reports/deploy/status.ts'

export default reportCommand(deployStatus)
