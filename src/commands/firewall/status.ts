import { ReportCommand } from '../../lib/cli/report-command.ts'
import { firewallStatus } from '../../lib/reports/firewall/status.ts'

export default class FirewallStatus extends ReportCommand {
  static override summary = firewallStatus.title

  async run(): Promise<void> {
    const { flags } = await this.parse(FirewallStatus)
    await this.show(flags, () => firewallStatus)
  }
}
