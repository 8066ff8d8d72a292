import { DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'

export default class DrillHint extends DrillCommand {
  static override summary = 'Take a hint for the drill that runs; it is counted'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillHint)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const { hint, hintsLeft } = await askDrill(await this.folder(flags), '/hint')
    this.print(
      { exitCode: 0, hint, hintsLeft },
      hint === undefined
        ? 'There is no hint left. Search by what is heard: honeydue runbook'
        : `${hint}${hintsLeft > 0 ? '\n(There is another one.)' : ''}`,
    )
  }
}
