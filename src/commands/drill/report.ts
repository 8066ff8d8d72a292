import { DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'
import type { Checked } from '../../lib/drills/host.ts'
import { reviewOf, reviewText } from '../../lib/drills/review.ts'

export default class DrillReport extends DrillCommand {
  static override summary = 'Write the review of the drill that runs, in Markdown'
  static override examples = ['<%= config.bin %> <%= command.id %> > review.md']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillReport)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const [checked, runs] = await Promise.all([askDrill(await this.folder(flags.dir), '/check') as Promise<Checked>, this.runs()])
    const text = reviewText(checked, reviewOf(checked, runs, 'sandbox'))
    this.print({ exitCode: 0, markdown: text }, text)
  }
}
