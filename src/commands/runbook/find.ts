import * as Args from '@oclif/core/args'
import { environmentFlag } from '../../lib/cli/command.ts'
import { askForPage, renderSummary } from '../../lib/cli/front-door.ts'
import type { Prompts } from '../../lib/cli/prompts.ts'
import { paint } from '../../lib/cli/render.ts'
import { listPages, pageData, RunbookCommand } from '../../lib/cli/runbook-command.ts'
import { meanwhile } from '../../lib/cli/seen-meanwhile.ts'
import { exitCodes } from '../../lib/errors.ts'
import { searchPages } from '../../lib/runbook/search.ts'

/** So many reports in a row lead from one to the next. */
const mostReports = 8

export default class RunbookFind extends RunbookCommand {
  static override summary = 'Find a procedure or report by symptom, section or title, and run it'
  static override description =
    'Without words, on a terminal, it asks: it is what `honeydue` alone does. With words, or without a terminal, it lists what it finds.'
  static override examples = ['<%= config.bin %>', '<%= config.bin %> <%= command.id %> user sees old residences']
  static override baseFlags = { ...RunbookCommand.baseFlags, ...environmentFlag }
  static override strict = false
  static override args = { words: Args.string({ description: 'what is wrong, or what is to be done' }) }

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(RunbookFind)
    const words = argv.join(' ')
    const pages = await this.pages()
    const search = searchPages(pages)
    const prompts = words === '' ? await this.prompts(flags) : undefined
    if (!prompts) {
      const found = search(words)
      if (found.length === 0) throw this.nothingFound(words)
      return this.print({ exitCode: 0, pages: found.map(pageData) }, listPages(found, paint(process.stdout)))
    }
    const { now, close } = meanwhile(flags.env, (command) => this.config.findCommand(command)?.['needs'])
    const page = await askForPage(pages, search, prompts, now).finally(close)
    this.logToStderr(renderSummary(page, Math.min(process.stderr.columns ?? 80, 100), paint(process.stderr)))
    const next = await this.conductOther(page.command, flags.env === undefined ? [] : ['--env', flags.env])
    await this.goOn(next, prompts)
  }

  /** From what is wrong to its cure, without leaving the screen: asked after each report, until it is declined or no line is named. */
  private async goOn(first: string | undefined, prompts: Prompts): Promise<void> {
    for (let next = first, left = mostReports; next !== undefined && left > 0; left--) {
      const [, id = '', ...words] = next.split(' ')
      if (!this.config.findCommand(id) || !(await prompts.yes(`Go on with ${next}?`))) return
      // The exit code is that of the last one: what the report found wrong may be mended by it.
      process.exitCode = exitCodes.done
      next = await this.conductOther(id, words)
    }
  }
}
