import { broken, DrillCommand, drillFlags } from '../../lib/cli/drill-command.ts'
import { checkText, reviewOf } from '../../lib/drills/review.ts'
import type { Checked } from '../../lib/drills/standing.ts'

export default class DrillCheck extends DrillCommand {
  static override summary = 'Look whether the drill is repaired: symptom and cause gone, nothing else harmed'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = drillFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillCheck)
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const [checked, runs] = await Promise.all([askDrill(await this.folder(flags), '/check') as Promise<Checked>, this.runs()])
    const review = reviewOf(checked, runs, 'sandbox')
    process.exitCode = checked.passed ? 0 : 3
    const { name, origin, page, way, causes, ...known } = checked
    const told = checked.passed ? { name, origin, page, way, causes } : {}
    this.print({ exitCode: process.exitCode, ...known, ...told, ...review }, broken(checkText(checked, review)))
  }
}
