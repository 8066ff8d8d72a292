import { reportCommand } from '../../lib/cli/report-command.ts'
import { storageStatus } from '../../lib/reports/storage/status.ts'

export default reportCommand(storageStatus)
