import { flagsOf } from '../../lib/cli/flags.ts'
import { ReportCommand } from '../../lib/cli/report-command.ts'
import { migrations } from '../../lib/reports/db/migrations.ts'

export default class DatabaseMigrations extends ReportCommand {
  static override summary = 'Show which migrations are applied, in the image, pending, and what they do'
  static override flags = flagsOf(migrations.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseMigrations)
    await this.show(flags, () => migrations)
  }
}
