import * as Flags from '@oclif/core/flags'
import { environmentFlag } from '../../lib/cli/command.ts'
import { paint } from '../../lib/cli/render.ts'
import { columns, dataOf, RunCommand, rowOf } from '../../lib/cli/run-command.ts'
import { renderTable } from '../../lib/cli/table.ts'
import { planOf } from '../../lib/journal/how-far.ts'
import { type JournaledRun, readRuns } from '../../lib/journal/read-journal.ts'
import { isOpen } from '../../lib/journal/timeline.ts'

export default class RunList extends RunCommand {
  static override summary = 'List the runs of this machine, the latest first, and how each ended'
  static override flags = {
    ...environmentFlag,
    last: Flags.integer({ summary: 'how many', default: 20, min: 1 }),
    open: Flags.boolean({ summary: 'only those that go on, or were interrupted and not gone on with' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(RunList)
    const all = await readRuns(this.state, this.host)
    const where = flags.env === undefined ? undefined : await nameOf(flags.env)
    const asked = (run: JournaledRun) => (where === undefined || planOf(run).environment === where) && (!flags.open || isOpen(run, all))
    const runs = all.filter(asked).slice(0, flags.last)
    const table = renderTable({ columns, rows: runs.map(rowOf) }, paint(process.stdout))
    this.print(
      { exitCode: 0, runs: runs.map(dataOf) },
      runs.length === 0 ? `No run ${where === undefined ? '' : `of ${where} `}was journaled on this machine.` : table,
    )
  }
}

/** What runs call the deployment that is asked for. */
const nameOf = async (asked: string): Promise<string> => {
  const [{ loadEnvironment }, { findRunningSandbox }] = await Promise.all([
    import('../../lib/environment/load.ts'),
    import('../../lib/sandbox/running.ts'),
  ])
  return loadEnvironment({ asked, env: process.env, sandbox: () => findRunningSandbox()?.environment }).environment.name
}
