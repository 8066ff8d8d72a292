import { ReportCommand } from '../../lib/cli/report-command.ts'
import { certStatus } from '../../lib/reports/cert/status.ts'

export default class CertStatus extends ReportCommand {
  static override summary = 'Show the origin certificate wherever it is, and where they differ'

  async run(): Promise<void> {
    const { flags } = await this.parse(CertStatus)
    await this.show(flags, certStatus)
  }
}
