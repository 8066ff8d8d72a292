import { ReportCommand } from '../../lib/cli/report-command.ts'
import { cacheStatus } from '../../lib/reports/cache/status.ts'

export default class CacheStatus extends ReportCommand {
  static override summary = 'Show what the cache holds and how the queue stands'

  async run(): Promise<void> {
    const { flags } = await this.parse(CacheStatus)
    await this.show(flags, () => cacheStatus)
  }
}
