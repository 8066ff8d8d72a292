import { paint } from '../../lib/cli/render.ts'
import { listPages, pageData, RunbookCommand } from '../../lib/cli/runbook-command.ts'

export default class RunbookList extends RunbookCommand {
  static override summary = 'List every procedure and report, by section'

  async run(): Promise<void> {
    await this.parse(RunbookList)
    const pages = await this.pages()
    this.print({ exitCode: 0, pages: pages.map(pageData) }, listPages(pages, paint(process.stdout)))
  }
}
