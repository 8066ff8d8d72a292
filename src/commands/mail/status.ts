import { reportCommand } from '../../lib/cli/report-command.ts'
import { mailStatus } from '../../lib/reports/mail/status.ts'

export default reportCommand(mailStatus)
