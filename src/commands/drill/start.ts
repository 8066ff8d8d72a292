import { resolve } from 'node:path'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { broken, DrillCommand, decided, drillFlags, drillOptions } from '../../lib/cli/drill-command.ts'
import { chosenDrill } from '../../lib/drills/chosen.ts'
import { type DrillOptions, startDrill, startedText } from '../../lib/drills/start.ts'
import { defaultFolder } from '../../lib/sandbox/folder.ts'

export default class DrillStart extends DrillCommand {
  static override summary = 'Start a sandbox, break something in it, and tell what is heard of it'
  static override description =
    'Customers use the deployment meanwhile. It is the one that --env sandbox means: every command works on it, and so do kubectl, ssh, psql and redis-cli. Without a name one is chosen, and not named before it is repaired.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> node-away --seed 7',
    '<%= config.bin %> <%= command.id %> --with-false-trail --speed 5',
  ]
  static override args = { drill: Args.string({ description: 'which one, as drill:list names it', required: false }) }
  static override flags = {
    dir: drillFlags.dir,
    ...drillOptions,
    host: Flags.boolean({ summary: 'be the process that runs it', hidden: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DrillStart)
    const options = decided(flags)
    const name = chosenDrill(args.drill, options.seed)
    const dir = resolve(flags.dir ?? defaultFolder())
    if (flags.host) return this.host(name, dir, options)
    const started = await startDrill(name, options, dir, (line) => this.logToStderr(line))
    this.print({ exitCode: 0, ...options, ...started }, broken(startedText(started)))
  }

  private async host(name: string, dir: string, options: DrillOptions): Promise<void> {
    const { runDrill } = await import('../../lib/drills/host-process.ts')
    const ending = new AbortController()
    const end = () => ending.abort()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
    await runDrill(name, {
      ...options,
      dir,
      signal: ending.signal,
      failed: (error) => {
        this.logToStderr(error instanceof Error ? (error.stack ?? error.message) : String(error))
        end()
      },
    })
  }
}
