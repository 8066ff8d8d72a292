import { reportCommand } from '../../lib/cli/report-command.ts'
import { firewallStatus } from '../../lib/reports/firewall/status.ts'

export default reportCommand(firewallStatus)
