import * as Flags from '@oclif/core/flags'
import { paint } from '../../lib/cli/render.ts'
import { columns, dataOf, RunCommand, rowOf } from '../../lib/cli/run-command.ts'
import { renderTable } from '../../lib/cli/table.ts'
import { readRuns } from '../../lib/journal/read-journal.ts'
import { isOpen } from '../../lib/journal/timeline.ts'

export default class RunList extends RunCommand {
  static override summary = 'List the runs of this machine, the latest first, and how each ended'
  static override flags = {
    last: Flags.integer({ summary: 'how many', default: 20, min: 1 }),
    open: Flags.boolean({ summary: 'only those that go on, or were interrupted and not gone on with' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(RunList)
    const all = await readRuns(this.state, this.host)
    const runs = all.filter((run) => !flags.open || isOpen(run, all)).slice(0, flags.last)
    const table = renderTable({ columns, rows: runs.map(rowOf) }, paint(process.stdout))
    this.print({ exitCode: 0, runs: runs.map(dataOf) }, runs.length === 0 ? 'No run was journaled on this machine.' : table)
  }
}
