import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { followRun } from '../../lib/cli/follow-run.ts'
import { type GoingOn, goingOnFrom } from '../../lib/cli/go-on-line.ts'
import { shown } from '../../lib/cli/shown.ts'
import { readOnly } from '../../lib/environment/read-only.ts'
import { Usage } from '../../lib/errors.ts'
import { holderName } from '../../lib/journal/lease-words.ts'
import { whoAmI } from '../../lib/journal/who.ts'
import { procedures } from '../../lib/procedures/index.ts'

export default class RunWatch extends HoneydueCommand {
  static override summary = 'Follow the run that holds the operators’ lease, wherever it runs, until it ends; or go on from its next step'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --take-over']
  static override args = { run: Args.string({ description: 'its id; without one, whichever goes on now' }) }
  static override flags = {
    ...environmentFlag,
    'take-over': Flags.boolean({ summary: 'ask it to stop before its next step, and go on from there with the same procedure' }),
    confirm: Flags.string({ summary: 'what would be typed to confirm what is left; its plan says it', dependsOn: ['take-over'] }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunWatch)
    const takesOver = flags['take-over']
    if (takesOver && flags.confirm === undefined && !this.mayAsk(flags)) throw confirmMissing()
    const goingOn = await this.inEnvironment(flags.env, async (session): Promise<GoingOn | undefined> => {
      if (takesOver && session.environment.readonly) throw readOnly(session.environment.name)
      const { user, host } = whoAmI(process.env)
      const own = [
        ...(flags.env === undefined ? [] : ['--env', flags.env]),
        ...(flags.confirm === undefined ? [] : ['--confirm', flags.confirm]),
      ]
      // What could not be gone on with is not stopped.
      const found = takesOver ? await session.lease.read() : undefined
      if (found?.holder !== undefined) goingOnFrom(found, Object.keys(procedures), own)
      const say = (line: string) => this.logToStderr(line)
      const { lines, held, silent } = await followRun(session, args.run, say, takesOver ? `${user}@${host}` : undefined)
      if (!takesOver || held === undefined) {
        this.print(
          { exitCode: 0, environment: session.environment.name, events: lines },
          held === undefined ? 'Nobody holds the lease.' : 'It has ended.',
        )
        return undefined
      }
      return goingOnFrom(held, Object.keys(procedures), [...own, ...(silent ? ['--take-over', holderName(held)] : [])])
    })
    if (!goingOn) return
    if (!this.argv.includes('--json')) this.logToStderr(`\nGoing on here: ${shown(goingOn.line)}\n`)
    await this.config.runCommand(goingOn.id, [...goingOn.words, ...(this.argv.includes('--json') ? ['--json'] : [])])
  }
}

const confirmMissing = (): Usage =>
  new Usage({
    code: 'no-terminal',
    failed: 'What is left is confirmed before it is done, and there is no terminal to ask on: --confirm is missing',
    cause: 'Standard input or standard error is no terminal, --json was given, or CI is set',
    next: 'honeydue lock:status   # names the procedure; its --dry-run says what --confirm must be',
  })
