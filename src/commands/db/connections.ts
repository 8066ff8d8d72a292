import { ReportCommand } from '../../lib/cli/report-command.ts'
import { connections } from '../../lib/reports/db/connections.ts'

export default class DatabaseConnections extends ReportCommand {
  static override summary = 'Show connections by application and endpoint against the limit'

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseConnections)
    await this.show(flags, () => connections)
  }
}
