import { ReportCommand } from '../../lib/cli/report-command.ts'
import { databaseStatus } from '../../lib/reports/db/status.ts'

export default class DatabaseStatus extends ReportCommand {
  static override summary = 'Show which database endpoint is in use, and whether both answer'

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseStatus)
    await this.show(flags, () => databaseStatus)
  }
}
