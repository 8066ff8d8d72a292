import { DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'
import { reportText } from '../../lib/drills/report.ts'
import { reviewOf } from '../../lib/drills/review.ts'
import type { Checked } from '../../lib/drills/standing.ts'

export default class DrillReport extends DrillCommand {
  static override summary = 'Write the review of the drill that runs, in Markdown'
  static override examples = ['<%= config.bin %> <%= command.id %> > review.md']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillReport)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const [checked, runs] = await Promise.all([askDrill(await this.folder(flags), '/check') as Promise<Checked>, this.runs()])
    const text = reportText(checked, reviewOf(checked, runs, 'sandbox'))
    this.print({ exitCode: 0, markdown: text }, text)
  }
}
