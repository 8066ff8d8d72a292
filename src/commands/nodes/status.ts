import { ReportCommand } from '../../lib/cli/report-command.ts'
import { nodesStatus } from '../../lib/reports/nodes/status.ts'

export default class NodesStatus extends ReportCommand {
  static override summary = 'Show every node from both ends: SSH and the Kubernetes API'

  async run(): Promise<void> {
    const { flags } = await this.parse(NodesStatus)
    await this.show(flags, nodesStatus)
  }
}
