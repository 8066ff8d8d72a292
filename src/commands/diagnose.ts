import { reportCommand } from '../lib/cli/report-command.ts'
import { diagnose } from '../lib/reports/diagnose.ts'

export default reportCommand(diagnose)
