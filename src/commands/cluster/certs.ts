import { reportCommand } from '../../lib/cli/report-command.ts'
import { clusterCerts } from '../../lib/reports/cluster/certs.ts'

export default reportCommand(clusterCerts)
