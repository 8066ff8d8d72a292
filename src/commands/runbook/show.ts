import * as Args from '@oclif/core/args'
import { paint } from '../../lib/cli/render.ts'
import { plainPage, renderPage } from '../../lib/cli/render-page.ts'
import { pageData, RunbookCommand } from '../../lib/cli/runbook-command.ts'

export default class RunbookShow extends RunbookCommand {
  static override summary = 'Show the page of a procedure or report'
  static override examples = ['<%= config.bin %> <%= command.id %> §23', '<%= config.bin %> <%= command.id %> db:unlock']
  static override strict = false
  static override args = { page: Args.string({ description: 'section of chapter 17, or the command', required: true }) }

  async run(): Promise<void> {
    const { argv } = await this.parse(RunbookShow)
    const meant = await this.pagesCalled(argv.map(String))
    const { isTTY, columns } = process.stdout
    const chalk = paint(process.stdout)
    const text = meant.map((page) => (isTTY ? renderPage(page.text, Math.min(columns ?? 80, 100), chalk) : plainPage(page.text).trimEnd()))
    this.print({ exitCode: 0, pages: meant.map((page) => ({ ...pageData(page), text: plainPage(page.text) })) }, text.join('\n\n'))
  }
}
