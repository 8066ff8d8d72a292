import { ReportCommand } from '../../lib/cli/report-command.ts'
import { edgeStatus } from '../../lib/reports/edge/status.ts'

export default class EdgeStatus extends ReportCommand {
  static override summary = edgeStatus.title

  async run(): Promise<void> {
    const { flags } = await this.parse(EdgeStatus)
    await this.show(flags, () => edgeStatus)
  }
}
