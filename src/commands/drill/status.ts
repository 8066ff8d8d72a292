import { shortAge } from '../../lib/age.ts'
import { broken, DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'
import { jobsOf, lossOf } from '../../lib/drills/review.ts'

export default class DrillStatus extends DrillCommand {
  static override summary = 'Say what was heard of the drill that runs, and what customers notice'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillStatus)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const standing = await askDrill(await this.folder(flags), '/')
    const { heard, brokenAt = '', traffic, jobs, events, hands, hints, hintsLeft } = standing
    this.print(
      { exitCode: 0, heard, brokenAt, traffic, jobs, events, hands, hints, hintsLeft },
      [
        broken(heard),
        '',
        `It broke at ${brokenAt.slice(11, 19)} UTC, ${shortAge((Date.now() - Date.parse(brokenAt)) / 1000)} ago.`,
        `${lossOf(standing)}; of the last ${Math.min(20, traffic.sent)}, ${traffic.lately} were answered well.`,
        `${jobsOf(standing)}.`,
        ...events.map(({ at, what }) => `${at.slice(11, 19)} ${what}`),
        ...hints.map((hint) => `Hint: ${hint}`),
      ].join('\n'),
    )
  }
}
