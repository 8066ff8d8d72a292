import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import type { Offer } from '../plan/procedure.ts'
import { markOf } from './deployment-mark.ts'
import { failureDocument, schemaVersion, troubleOf } from './failure.ts'
import type { Ask } from './flags.ts'
import { envAsked, type Here, hereIn } from './here.ts'
import { isPlain } from './manner.ts'
import { pagerFor, showIn } from './pager.ts'
import type { Prompts } from './prompts.ts'
import { inSession, type Session } from './session.ts'
import { jsonText, shown } from './shown.ts'
import { typedLine, wordsOf } from './typed-line.ts'

/** For every command that looks at a deployment. */
export const environmentFlag = {
  env: Flags.string({
    summary: 'which deployment: a name, or the path of an environment file',
    helpGroup: 'GLOBAL',
    noCacheDefault: true,
  }),
}

/** What every command shares: one JSON document, questions, errors in four parts, exit codes; and a deployment's systems for those that look at one. */
export abstract class HoneydueCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({ summary: 'one JSON document on standard output', helpGroup: 'GLOBAL' }),
    plain: Flags.boolean({ summary: 'one record a line, its fields parted by tabs', helpGroup: 'GLOBAL', exclusive: ['json'] }),
    'no-color': Flags.boolean({ summary: 'no colour, as NO_COLOR', helpGroup: 'GLOBAL' }),
    'no-input': Flags.boolean({ summary: 'ask nothing: what is missing is an error', helpGroup: 'GLOBAL' }),
  }

  /** What was answered at the terminal, as the flags that would have said it. */
  protected readonly answers: string[] = []

  /** It came to its end. */
  protected carriedOut = false

  /** Something was chosen that is there only now, such as a backend. */
  private ofTheMoment = false

  /** What was known when a failure came: its JSON document has it beside the error. */
  protected known: object = {}

  /** The line that a report names for what is wrong first, as it would be typed; whoever came by the front door is asked whether to go on with it. */
  leadsTo: string | undefined

  /** What lines to be typed must say, so that they reach this deployment. */
  protected here: Here = { env: envAsked(this.argv, process.env) }

  protected inEnvironment<T>(asked: string | undefined, use: (session: Session) => Promise<T>): Promise<T> {
    return inSession(asked, (session) => {
      this.here = hereIn(session.environment, this.here.env, process.env, session.seen)
      return use(session)
    })
  }

  protected mayAsk(flags: Readonly<Record<string, unknown>>): boolean {
    const unattended = !/^(|0|false)$/i.test(process.env['CI'] ?? '')
    return Boolean(process.stdin.isTTY && process.stderr.isTTY && flags['json'] !== true && flags['no-input'] !== true && !unattended)
  }

  /** Undefined where nobody can be asked. */
  protected async prompts(flags: Readonly<Record<string, unknown>>, session?: Session): Promise<Prompts | undefined> {
    if (!this.mayAsk(flags)) return undefined
    const [{ promptLimit, promptsOn }, { paint }] = await Promise.all([import('./prompts.ts'), import('./render.ts')])
    const mark = session && markOf(session.environment.name, paint(process.stderr))
    return promptsOn({
      looking: session?.ending.looking,
      patience: promptLimit(process.env),
      ...(mark !== undefined && { mark: `${mark} ·` }),
    })
  }

  /** Asks as `prompts` do, beside what the live environment offers, and remembers the answers. Undefined where nobody can be asked. */
  protected asking(prompts: Prompts | undefined, offers: (name: string) => Promise<readonly Offer[]> = async () => []): Ask {
    if (!prompts) return undefined
    return async (name, choice) => {
      const offered = await offers(name)
      this.ofTheMoment ||= offered.length > 0 && choice.kind === 'text'
      const answer = await prompts.choice(name, choice, offered)
      this.answers.push(...wordsOf(name, choice, answer))
      return answer
    }
  }

  /** Runs it as if it had been typed, its errors and exit code included, and says the line that it was. */
  async conduct(): Promise<void> {
    await this._run()
    if (this.answers.length === 0) this.sayLine()
  }

  /** What was asked for need not be asked for again. */
  protected override async finally(error: Error | undefined): Promise<void> {
    // A backend that was ended is nothing to name again.
    if (this.answers.length > 0 && !(this.carriedOut && this.ofTheMoment)) this.sayLine()
    return super.finally(error)
  }

  private sayLine(): void {
    this.logToStderr(`\nThe same without questions:\n${shown(typedLine(this.id ?? '', [...this.argv, ...this.answers]))}`)
  }

  protected print(document: object, text: string): void {
    const { env, stdin, stdout } = process
    const unattended = this.argv.includes('--json') || this.argv.includes('--no-input') || isPlain(this.argv)
    const pager = pagerFor(text, { env, stdin, stdout, unattended })
    if (pager !== undefined && showIn(pager, text)) return
    this.log(this.argv.includes('--json') ? this.framed(jsonText({ schemaVersion, command: this.id, ...document })) : text)
  }

  /** How a document stands on standard output: over several lines, unless it is one of many. */
  protected framed(json: string): string {
    return json
  }

  protected override async catch(error: unknown): Promise<void> {
    const { orSandbox } = await import('./sandbox-meant.ts')
    const trouble = orSandbox(troubleOf(error, this.id), this.id ?? '', this.argv, this.here.env)
    process.exitCode = trouble.exitCode
    if (this.argv.includes('--json'))
      return this.log(this.framed(failureDocument(trouble, this.id, { known: this.known, here: this.here })))
    const { paint, renderTrouble } = await import('./render.ts')
    this.logToStderr(renderTrouble(trouble, paint(process.stderr), this.here))
  }
}
