import { reportCommand } from '../../lib/cli/report-command.ts'
import { secretsStatus } from '../../lib/reports/secrets/status.ts'

export default reportCommand(secretsStatus)
