import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { dataOf, RunCommand, renderRun } from '../../lib/cli/run-command.ts'
import { shownLines } from '../../lib/cli/shown.ts'
import { readRuns } from '../../lib/journal/read-journal.ts'
import { storyOf, timelineOf } from '../../lib/journal/timeline.ts'

export default class RunShow extends RunCommand {
  static override summary = 'Show one run: its plan, how far each step came, and its notes'
  static override args = { run: Args.string({ description: 'its id, or how it begins or ends; last is the latest', default: 'last' }) }
  static override flags = {
    timeline: Flags.boolean({ summary: 'as a table in Markdown, in UTC, with the runs that belong to it: for a postmortem' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow)
    const run = await this.find(args.run)
    if (!flags.timeline) return this.print({ exitCode: 0, ...dataOf(run), journal: run }, renderRun(run))
    const text = timelineOf(storyOf(run.run, await readRuns(this.state, this.host)))
    this.print({ exitCode: 0, timeline: text }, shownLines(text))
  }
}
