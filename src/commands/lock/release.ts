import * as Flags from '@oclif/core/flags'
import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { holderMissing, releaseAbandoned } from '../../lib/cli/release-lease.ts'

export default class LockRelease extends HoneydueCommand {
  static override summary = 'Give the operators’ lease back for somebody who has stopped renewing it'
  static override flags = {
    ...environmentFlag,
    holder: Flags.string({ summary: 'whose it is, as lock:status shows it; without a terminal it must be given' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(LockRelease)
    if (flags.holder === undefined && !this.mayAsk(flags)) throw holderMissing()
    await this.inEnvironment(flags.env, async (session) => {
      const released = await releaseAbandoned(session, flags.holder, await this.prompts(flags, session), (text) => this.logToStderr(text))
      this.print({ exitCode: 0, released }, released ? `Released; it was ${released}’s.` : 'Nobody holds it.')
    })
  }
}
