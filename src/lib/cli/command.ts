import { Command, Errors, Flags } from '@oclif/core'
import { systemClock } from '../clock.ts'
import { loadEnvironment } from '../environment/load.ts'
import type { Environment } from '../environment/schema.ts'
import { exitCodes, Trouble } from '../plan/errors.ts'
import { findRunningSandbox } from '../sandbox/running.ts'
import { openSystems } from '../systems/open.ts'
import { paint, renderTrouble } from './render.ts'

/** The JSON document's version: it rises when a field changes its meaning or goes away. */
export const schemaVersion = 1

/** What every command that looks at a deployment shares: its environment, its systems, Ctrl-C, errors and exit codes. */
export abstract class HoneydueCommand extends Command {
  static override baseFlags = {
    env: Flags.string({
      summary: 'which deployment: a name, or the path of an environment file',
      helpGroup: 'GLOBAL',
      noCacheDefault: true,
    }),
    json: Flags.boolean({ summary: 'one JSON document on standard output', helpGroup: 'GLOBAL' }),
  }

  /** Loads the environment, opens its systems for `use`, and closes them whatever happens. The first Ctrl-C aborts the signal, the second ends the process. */
  protected async inEnvironment<T>(
    asked: string | undefined,
    use: (environment: Environment, systems: ReturnType<typeof openSystems>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { environment } = loadEnvironment({ asked, env: process.env, sandbox: () => findRunningSandbox()?.environment })
    const ending = new AbortController()
    const end = () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, end)
      ending.abort()
    }
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, end)
    const systems = openSystems(environment, systemClock, ending.signal)
    try {
      return await use(environment, systems, ending.signal)
    } finally {
      await systems.close()
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, end)
    }
  }

  protected print(document: object, text: string): void {
    this.log(this.argv.includes('--json') ? JSON.stringify({ schemaVersion, command: this.id, ...document }, undefined, 2) : text)
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.CLIError && !(error instanceof Trouble)) {
      process.exitCode = error.oclif.exit ?? exitCodes.usage
      return this.fail({ code: 'usage', failed: error.message.split('\n')[0] ?? '', state: 'Nothing was changed.' }, error.message)
    }
    if (!(error instanceof Trouble)) {
      process.exitCode = exitCodes.bug
      return this.fail({ code: 'bug', failed: error.message }, `This is a bug in honeydue.\n${error.stack ?? error.message}`)
    }
    process.exitCode = error.exitCode
    const { code, failed, state, likely, next, details } = error
    return this.fail({ code, failed, state, cause: likely, next, details }, renderTrouble(error, paint(process.stderr.isTTY)))
  }

  private fail(account: object, text: string): void {
    if (this.argv.includes('--json'))
      this.log(JSON.stringify({ schemaVersion, command: this.id, exitCode: process.exitCode, error: account }, undefined, 2))
    else this.logToStderr(text)
  }
}
