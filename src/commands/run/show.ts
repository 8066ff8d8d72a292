import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { dataOf, RunCommand, renderRun } from '../../lib/cli/run-command.ts'
import { shownLines } from '../../lib/cli/shown.ts'
import { readRuns } from '../../lib/journal/read-journal.ts'
import { planOf, timelineOf } from '../../lib/journal/timeline.ts'

export default class RunShow extends RunCommand {
  static override summary = 'Show one run: its plan, how far each step came, and its notes'
  static override args = { run: Args.string({ description: 'its id, or how it begins or ends; last is the latest', default: 'last' }) }
  static override flags = {
    timeline: Flags.boolean({ summary: 'as a table in Markdown, in UTC, with the runs that went on from it: for a postmortem' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow)
    const run = await this.find(args.run)
    if (!flags.timeline) return this.print({ exitCode: 0, ...dataOf(run), journal: run }, renderRun(run))
    const after = (await readRuns(this.state, this.host)).filter(
      (other) =>
        other.header.undoes === run.run ||
        (other.header.at > run.header.at && run.status === 'interrupted' && isSame(planOf(other), planOf(run))),
    )
    const text = timelineOf([run, ...after])
    this.print({ exitCode: 0, timeline: text }, shownLines(text))
  }
}

/** Whether it went on from where the other stopped: the same page, on the same subject, in the same deployment. */
const isSame = (one: ReturnType<typeof planOf>, other: ReturnType<typeof planOf>): boolean =>
  one.id === other.id && one.subject === other.subject && one.environment === other.environment
