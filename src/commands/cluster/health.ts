import { reportCommand } from '../../lib/cli/report-command.ts'
import { clusterHealth } from '../../lib/reports/cluster/health.ts'

export default reportCommand(clusterHealth)
