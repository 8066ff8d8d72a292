import * as Flags from '@oclif/core/flags'
import { durationOf } from '../../lib/cli/flags.ts'
import { RunCommand } from '../../lib/cli/run-command.ts'
import { systemClock } from '../../lib/clock.ts'
import { readRuns } from '../../lib/journal/read-journal.ts'
import { removeJournal } from '../../lib/journal/write-journal.ts'

export default class RunPrune extends RunCommand {
  static override summary = 'Remove the journals of runs that have ended long ago'
  static override flags = {
    'older-than': Flags.string({ summary: 'how old they are at least, in days or hours (default: 90d)', default: '90d' }),
    'dry-run': Flags.boolean({ summary: 'say which, and remove none' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(RunPrune)
    const [, days] = /^(\d+)d$/.exec(flags['older-than']) ?? []
    const age = days === undefined ? durationOf('older-than', flags['older-than']) : Number(days) * 86_400_000
    const before = new Date(systemClock.now().getTime() - age).toISOString()
    // What goes on, or was interrupted and may still be taken back, stays.
    const old = (await readRuns(this.state, this.host)).filter(({ header, status }) => status === 'ended' && header.at < before)
    if (!flags['dry-run']) for (const { run } of old) await removeJournal(this.state, run)
    this.print(
      { exitCode: 0, runs: old.map(({ run }) => run) },
      old.length === 0
        ? 'None is that old.'
        : [`${flags['dry-run'] ? 'Would remove' : 'Removed'}:`, ...old.map(({ run }) => `  ${run}`)].join('\n'),
    )
  }
}
