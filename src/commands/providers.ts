import { reportCommand } from '../lib/cli/report-command.ts'
import { providers } from '../lib/reports/providers.ts'

export default reportCommand(providers)
