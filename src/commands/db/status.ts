import { reportCommand } from '../../lib/cli/report-command.ts'
import { databaseStatus } from '../../lib/reports/db/status.ts'

export default reportCommand(databaseStatus)
