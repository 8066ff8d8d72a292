import { reportCommand } from '../../lib/cli/report-command.ts'
import { verifyWarmup } from '../../lib/reports/db/verify-warmup.ts'

export default reportCommand(verifyWarmup)
