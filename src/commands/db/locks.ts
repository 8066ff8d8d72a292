import { reportCommand } from '../../lib/cli/report-command.ts'
import { locks } from '../../lib/reports/db/locks.ts'

export default reportCommand(locks)
