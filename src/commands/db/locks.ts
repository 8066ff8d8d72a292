import { ReportCommand } from '../../lib/cli/report-command.ts'
import { locks } from '../../lib/reports/db/locks.ts'

export default class DatabaseLocks extends ReportCommand {
  static override summary = 'Show who blocks whom in the database, and who holds advisory locks'

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseLocks)
    await this.show(flags, () => locks)
  }
}
