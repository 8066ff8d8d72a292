import { DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'
import { lossOf } from '../../lib/drills/review.ts'

export default class DrillStatus extends DrillCommand {
  static override summary = 'Say what was heard of the drill that runs, and what customers notice'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillStatus)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const { heard, brokenAt = '', traffic, hints, hintsLeft } = await askDrill(await this.folder(flags.dir), '/')
    const minutes = Math.floor((Date.now() - Date.parse(brokenAt)) / 60_000)
    this.print(
      { exitCode: 0, heard, brokenAt, traffic, hints, hintsLeft },
      [
        heard,
        '',
        `It broke at ${brokenAt.slice(11, 19)} UTC, ${minutes} min ago.`,
        `${lossOf({ traffic } as never)}; of the last ${Math.min(20, traffic.sent)}, ${traffic.lately} were answered well.`,
        ...hints.map((hint) => `Hint: ${hint}`),
      ].join('\n'),
    )
  }
}
