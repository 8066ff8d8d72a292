import { reportCommand } from '../../lib/cli/report-command.ts'
import { observabilityStatus } from '../../lib/reports/observability/status.ts'

export default reportCommand(observabilityStatus)
