import * as Args from '@oclif/core/args'
import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { followRun } from '../../lib/cli/follow-run.ts'

export default class RunWatch extends HoneydueCommand {
  static override summary = 'Follow the run that holds the operators’ lease, wherever it runs, until it ends'
  static override args = { run: Args.string({ description: 'its id; without one, whichever goes on now' }) }
  static override flags = environmentFlag

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunWatch)
    await this.inEnvironment(flags.env, async (session) => {
      const seen = await followRun(session, args.run, (line) => this.logToStderr(line))
      this.print(
        { exitCode: 0, environment: session.environment.name, events: seen },
        seen.length === 0 ? 'Nobody holds the lease.' : 'It has ended.',
      )
    })
  }
}
