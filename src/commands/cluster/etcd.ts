import { reportCommand } from '../../lib/cli/report-command.ts'
import { clusterEtcd } from '../../lib/reports/cluster/etcd.ts'

export default reportCommand(clusterEtcd)
