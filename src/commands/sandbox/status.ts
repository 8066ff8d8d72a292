import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { pointersAt } from '../../lib/sandbox/pointers.ts'

export default class SandboxStatus extends HoneydueCommand {
  static override summary = 'Say whether a sandbox runs, and how to reach it'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override flags = {
    dir: Flags.directory({ summary: 'the folder that sandbox:up was given (default: that of the youngest running sandbox)' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStatus)
    const { findRunningSandbox, runningIn } = await import('../../lib/sandbox/running.ts')
    const found = flags.dir === undefined ? findRunningSandbox() : runningIn(resolve(flags.dir))
    process.exitCode = found ? 0 : 3
    if (!found) {
      const text =
        flags.dir === undefined ? 'No sandbox runs. Start one: honeydue sandbox:up --detach' : `No sandbox runs for ${flags.dir}.`
      return this.print({ exitCode: 3, running: false }, text)
    }
    const { pid, dir, environment, since } = found
    this.print(
      { exitCode: 0, running: true, pid, dir, environment, since },
      `The sandbox of ${dir} runs (process ${pid}, since ${since}).\n\n${pointersAt(dir)}`,
    )
  }
}
