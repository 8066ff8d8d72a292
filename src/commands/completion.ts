import { join } from 'node:path'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { environmentFlag, HoneydueCommand } from '../lib/cli/command.ts'
import { keepValues, readAnew } from '../lib/cli/completion/kept-values.ts'
import { valuesOf } from '../lib/cli/completion/read-values.ts'
import { installed, type Shell, scripts, shells } from '../lib/cli/completion/scripts.ts'
import { systemClock } from '../lib/clock.ts'
import { Usage } from '../lib/errors.ts'

export default class Completion extends HoneydueCommand {
  static override summary = 'Print what makes a shell complete commands, flags, nodes, workloads, runs and Secrets'
  static override description = `Once for each shell:\n${Object.values(installed).join('\n')}`
  static override examples = [
    'eval "$(<%= config.bin %> completion bash)"',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/honeydue.fish',
  ]
  static override args = { shell: Args.string({ description: shells.join(', '), options: [...shells] }) }
  static override flags = {
    ...environmentFlag,
    refresh: Flags.boolean({ summary: 'read anew what is offered of a deployment', hidden: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Completion)
    if (flags.refresh) return this.refresh(flags.env)
    if (args.shell === undefined)
      throw new Usage({ code: 'no-shell', failed: `Which shell is not said: ${shells.join(', ')}`, next: 'honeydue completion bash' })
    const script = scripts[args.shell as Shell]
    // By the first Tab it has been read.
    readAnew(process.env['HONEYDUE_ENV'] || 'production', process.env, join(this.config.root, 'bin/run.js'))
    this.print({ exitCode: 0, shell: args.shell, script }, script.trimEnd())
  }

  private async refresh(asked: string | undefined): Promise<void> {
    await this.inEnvironment(asked, async ({ environment, systems }) => {
      const values = await valuesOf(environment, systems.kube.read, systemClock)
      keepValues(asked ?? environment.name, values, process.env)
    })
  }
}
