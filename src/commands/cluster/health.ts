import { ReportCommand } from '../../lib/cli/report-command.ts'
import { clusterHealth } from '../../lib/reports/cluster/health.ts'

export default class ClusterHealth extends ReportCommand {
  static override summary = 'Show what is not well in the cluster, and why'

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterHealth)
    await this.show(flags, () => clusterHealth)
  }
}
