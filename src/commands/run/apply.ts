import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { readPlanFile } from '../../lib/cli/plan-file.ts'
import { shown } from '../../lib/cli/shown.ts'
import { typedLine } from '../../lib/cli/typed-line.ts'
import { systemClock } from '../../lib/clock.ts'
import { Usage } from '../../lib/errors.ts'
import { keepIdentity } from '../../lib/journal/kept-plans.ts'
import { procedures } from '../../lib/procedures/index.ts'
import { stateFolder } from '../../lib/state-folder.ts'

export default class RunApply extends HoneydueCommand {
  static override summary = 'Perform a plan that --out kept, if it still is the plan'
  static override examples = ['<%= config.bin %> edge:drain hetzner2 --out drain.json', '<%= config.bin %> <%= command.id %> drain.json']
  static override args = { file: Args.string({ description: 'the file that --out wrote', required: true }) }
  static override flags = {
    env: Flags.string({ summary: 'which deployment, where this machine names it otherwise; its name must be the plan’s' }),
    confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunApply)
    const file = await readPlanFile(args.file)
    if (!(file.command in procedures))
      throw new Usage({ code: 'plan-file', failed: `${shown(file.command)} is no procedure`, next: 'honeydue runbook:list' })
    // What the plan was is known by its own words: a difference can be told on a machine that never made it.
    await keepIdentity(stateFolder(process.env), file.name, file.identity, systemClock.now())
    const words = flags.env === undefined ? file.words : [...withoutEnv(file.words), '--env', flags.env]
    const more = [
      '--plan',
      file.name,
      ...(flags.confirm === undefined ? [] : ['--confirm', flags.confirm]),
      ...(this.argv.includes('--json') ? ['--json'] : []),
    ]
    if (!this.argv.includes('--json'))
      this.logToStderr(`Made by ${shown(file.madeBy)} at ${shown(file.madeAt)}: ${shown(typedLine(file.command, words))}\n`)
    await this.config.runCommand(file.command, [...words, ...more])
  }
}

const withoutEnv = (words: readonly string[]): readonly string[] =>
  words.filter((word, i) => !/^--env(=|$)/.test(word) && words[i - 1] !== '--env')
