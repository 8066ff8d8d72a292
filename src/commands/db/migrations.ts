import { reportCommand } from '../../lib/cli/report-command.ts'
import { migrations } from '../../lib/reports/db/migrations.ts'

export default reportCommand(migrations)
