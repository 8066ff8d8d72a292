import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { Usage } from '../../lib/errors.ts'
import { defaultFolder } from '../../lib/sandbox/folder.ts'
import { pointersAt } from '../../lib/sandbox/pointers.ts'

export default class SandboxUp extends HoneydueCommand {
  static override summary = 'Start the embedded deployment: nodes, Kubernetes, Redis, PostgreSQL and the API'
  static override description =
    'Everything listens on 127.0.0.1 and speaks its real protocol, so that kubectl, ssh, redis-cli and psql work against it as honeydue does with `--env sandbox`. Without --detach it runs until Ctrl-C.'
  static override examples = ['<%= config.bin %> <%= command.id %> --detach', '<%= config.bin %> <%= command.id %> --dir /tmp/sandbox']
  static override flags = {
    dir: Flags.directory({ summary: 'where kubeconfigs, ssh/config, environment.yaml and urls.json go (default: in the state folder)' }),
    detach: Flags.boolean({ summary: 'return when everything answers, and leave it running' }),
    postgres: Flags.boolean({
      summary: 'start PostgreSQL at once; --no-postgres leaves it to the first connection',
      default: true,
      allowNo: true,
    }),
    delay: Flags.integer({ summary: 'milliseconds that every connection takes longer in each direction', min: 0, max: 10_000 }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxUp)
    const dir = resolve(flags.dir ?? defaultFolder())
    // ssh's configuration has no way to write one.
    if (/\p{Cc}/u.test(dir))
      throw new Usage({
        code: 'sandbox-folder-name',
        failed: 'The name of the folder holds a control character',
        next: 'honeydue sandbox:up --help',
      })
    const { ranOr, runSandbox, startDetached } = await import('../../lib/sandbox/up.ts')
    const delay = flags.delay === undefined ? {} : { delay: flags.delay }
    const result = flags.detach
      ? await startDetached(dir, ['sandbox:up', ...forwarded({ ...flags, dir })])
      : await this.foreground(dir, runSandbox, { postgres: flags.postgres, ...delay })
    if (!result) return this.log('The sandbox has ended.')
    const { already, running } = ranOr(result, dir, 'sandbox:up --detach')
    const said = already
      ? `The sandbox of ${dir} runs already (process ${running.pid}, since ${running.since}).`
      : `The sandbox answers (process ${running.pid}). Its log: ${dir}/sandbox.log`
    this.print({ exitCode: 0, already, ...running }, `${said}\n\n${pointersAt(dir)}`)
  }

  private async foreground(
    dir: string,
    runSandbox: typeof import('../../lib/sandbox/up.ts')['runSandbox'],
    options: { readonly postgres: boolean; readonly delay?: number },
  ) {
    const ending = new AbortController()
    const end = () => ending.abort()
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end)
    try {
      return await runSandbox(dir, options, ending.signal, () => this.log(`The sandbox answers; Ctrl-C ends it.\n\n${pointersAt(dir)}`))
    } finally {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, end)
    }
  }
}

const forwarded = (flags: { readonly dir: string; readonly postgres: boolean; readonly delay?: number | undefined }): string[] => [
  '--dir',
  flags.dir,
  ...(flags.postgres ? [] : ['--no-postgres']),
  ...(flags.delay === undefined ? [] : ['--delay', String(flags.delay)]),
]
