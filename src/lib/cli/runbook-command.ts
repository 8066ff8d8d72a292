import { join } from 'node:path'
import type { Config } from '@oclif/core/config'
import type { ChalkInstance } from 'chalk'
import { Usage } from '../errors.ts'
import { kindOf } from '../runbook/kind.ts'
import { type Page, readPages } from '../runbook/page.ts'
import { sh } from '../shell.ts'
import { HoneydueCommand } from './command.ts'
import { renderTable } from './table.ts'

/** What every command about the pages shares: they lie beside the program, in `runbooks/`. */
export abstract class RunbookCommand extends HoneydueCommand {
  protected readonly pages = (): Promise<readonly Page[]> => readPages(join(this.config.root, 'runbooks'))

  /** The pages of a section or command; throws Usage with the nearest where there is none. */
  protected async pagesCalled(words: readonly string[]): Promise<readonly Page[]> {
    const { pagesMeant, searchPages } = await import('../runbook/search.ts')
    const pages = await this.pages()
    const meant = pagesMeant(pages, words)
    if (meant.length > 0) return meant
    const asked = words.join(' ')
    const [near] = searchPages(pages)(asked)
    throw new Usage({
      code: 'no-page',
      failed: `No page is called "${asked}"`,
      next: near ? sh`honeydue runbook:show ${near.command}` : 'honeydue runbook:list',
    })
  }

  protected nothingFound(words: string): Usage {
    return new Usage({ code: 'nothing-found', failed: `Nothing is found for "${words}"`, next: sh`honeydue diagnose ${words}` })
  }

  /** Runs another command in this process, as if it had been typed; returns the line that it leads to, where it is a report that names one. */
  protected async conductOther(id: string, words: readonly string[]): Promise<string | undefined> {
    const Other = (await this.config.findCommand(id, { must: true }).load()) as unknown as new (
      argv: readonly string[],
      config: Config,
    ) => HoneydueCommand
    const other = new Other(words, this.config)
    await other.conduct()
    return other.leadsTo
  }
}

/** `§25`, or '' for a page that is in no chapter. */
export const sectionSign = ({ section }: Page): string => (section === undefined ? '' : `§${section}`)

/** A line a page: section, command, whether it changes anything, title. */
export const listPages = (pages: readonly Page[], chalk: ChalkInstance): string =>
  renderTable({ columns: [], rows: pages.map((page) => [sectionSign(page), page.command, kindOf(page), page.title]) }, chalk, {
    style: [chalk.reset, chalk.bold],
  })

/** The same for machines. */
export const pageData = (page: Page) => {
  const { command, section, title, symptoms } = page
  return { command, ...(section !== undefined && { section }), title, changes: kindOf(page) === 'changes', symptoms }
}
