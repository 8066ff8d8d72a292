import { reportCommand } from '../../lib/cli/report-command.ts'
import { registryStatus } from '../../lib/reports/registry/status.ts'

export default reportCommand(registryStatus)
