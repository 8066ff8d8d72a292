import { ReportCommand } from '../../lib/cli/report-command.ts'
import { verifyWarmup } from '../../lib/reports/db/verify-warmup.ts'

export default class DatabaseVerifyWarmup extends ReportCommand {
  static override summary = 'Show whether each api pod warmed its database pool up'

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseVerifyWarmup)
    await this.show(flags, () => verifyWarmup)
  }
}
