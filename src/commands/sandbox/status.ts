import { resolve } from 'node:path'
import { Command, Flags } from '@oclif/core'
import { pointersAt } from '../../lib/sandbox/pointers.ts'

export default class SandboxStatus extends Command {
  static override summary = 'Say whether a sandbox runs, and how to reach it'
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override enableJsonFlag = true
  static override flags = {
    dir: Flags.directory({ summary: 'the folder that sandbox:up was given (default: that of the youngest running sandbox)' }),
  }

  async run(): Promise<{
    readonly schema: 1
    readonly running: boolean
    readonly pid?: number
    readonly dir?: string
    readonly environment?: string
    readonly since?: string
  }> {
    const { flags } = await this.parse(SandboxStatus)
    const { findRunningSandbox, runningIn } = await import('../../lib/sandbox/running.ts')
    const found = flags.dir === undefined ? findRunningSandbox() : runningIn(resolve(flags.dir))
    if (!found) {
      this.log(flags.dir === undefined ? 'No sandbox runs. Start one: honeydue sandbox:up --detach' : `No sandbox runs for ${flags.dir}.`)
      process.exitCode = 3
      return { schema: 1, running: false }
    }
    const { pid, dir, environment, since } = found
    this.log(`The sandbox of ${dir} runs (process ${pid}, since ${since}).\n\n${pointersAt(dir)}`)
    return { schema: 1, running: true, pid, dir, environment, since }
  }
}
