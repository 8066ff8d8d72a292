import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { Unverified } from '../../lib/errors.ts'
import { defaultFolder } from '../../lib/sandbox/folder.ts'

export default class SandboxDown extends HoneydueCommand {
  static override summary = 'End the running sandbox and take its files away'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --dir /tmp/sandbox']
  static override flags = {
    dir: Flags.directory({ summary: 'the folder that sandbox:up was given (default: that of the running sandbox)' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxDown)
    const { findRunningSandbox } = await import('../../lib/sandbox/running.ts')
    const { takeDown } = await import('../../lib/sandbox/take-down.ts')
    const dir = resolve(flags.dir ?? findRunningSandbox()?.dir ?? defaultFolder())
    const result = await takeDown(dir)
    if (result === 'does not end')
      throw new Unverified({
        code: 'sandbox-does-not-end',
        failed: `The sandbox of ${dir} was asked to end and still runs after 15 s`,
        state: 'It runs.',
        cause: 'Something in it is stuck; its log says more',
        next: `less ${dir}/sandbox.log`,
      })
    this.print(
      { exitCode: 0, dir, ended: result === 'ended' },
      result === 'ended' ? `The sandbox of ${dir} has ended.` : `No sandbox runs for ${dir}.`,
    )
  }
}
