import { HoneydueCommand } from '../../lib/cli/command.ts'
import { paint } from '../../lib/cli/render.ts'
import { renderTable } from '../../lib/cli/table.ts'
import { drills } from '../../lib/drills/index.ts'

export default class DrillList extends HoneydueCommand {
  static override summary = 'List the failures that can be practised on a sandbox'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<void> {
    await this.parse(DrillList)
    const all = await Promise.all(Object.values(drills).map((load) => load()))
    const rows = all.map(({ name, origin }) => [name, origin])
    const table = renderTable({ columns: ['drill', 'what it is made of'], rows }, paint(process.stdout))
    this.print(
      { exitCode: 0, drills: all.map(({ name, origin, page }) => ({ name, origin, page })) },
      `${table}\n\nOne that is not named to you: honeydue drill:start`,
    )
  }
}
