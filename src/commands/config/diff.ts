import { reportCommand } from '../../lib/cli/report-command.ts'
import { configDiff } from '../../lib/reports/config/diff.ts'

export default reportCommand(configDiff)
