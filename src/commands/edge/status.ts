import { reportCommand } from '../../lib/cli/report-command.ts'
import { edgeStatus } from '../../lib/reports/edge/status.ts'

export default reportCommand(edgeStatus)
