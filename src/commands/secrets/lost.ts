import { reportCommand } from '../../lib/cli/report-command.ts'
import { secretsLost } from '../../lib/reports/secrets/lost.ts'

export default reportCommand(secretsLost)
