import type { ChalkInstance } from 'chalk'
import { kindOf } from '../runbook/kind.ts'
import { type Page, partOf } from '../runbook/page.ts'
import { type Now, possibleNow } from './possible-now.ts'
import type { Prompts } from './prompts.ts'
import { renderPage } from './render-page.ts'
import { sectionSign } from './runbook-command.ts'

/** The first paragraph under "When": what a page is for. */
const summaryOf = (page: Page): string => partOf(page, 'When').split('\n\n')[0] ?? ''

/** The prompt breaks what is longer in the middle of a word. */
const short = (text: string): string => (text.length > 78 ? `${text.slice(0, 77)}…` : text)

/** Question, list and this beside each other stand on a screen of 24 lines. */
const mostSymptoms = 5
const fewOf = (symptoms: readonly string[]): readonly string[] =>
  symptoms.length <= mostSymptoms ? symptoms : [...symptoms.slice(0, mostSymptoms - 1), `… and ${symptoms.length - mostSymptoms + 1} more`]

const line = (page: Page, widest: number, mark = ''): string =>
  short(
    [sectionSign(page).padEnd(3), page.command.padEnd(widest), kindOf(page).padEnd(7), ...(mark ? [`[${mark}]`] : []), page.title].join(
      '  ',
    ),
  )

/** Asks for what is wrong or wanted, and returns the page that was chosen. `now`: what is known by then of what can be done. */
export const askForPage = async (
  pages: readonly Page[],
  search: (words: string) => readonly Page[],
  prompts: Prompts,
  now: () => Now | undefined = () => undefined,
): Promise<Page> => {
  const widest = Math.max(...pages.map(({ command }) => command.length))
  // Words that no page has: what finds the cause by itself.
  const orLook = (found: readonly Page[]) => (found.length > 0 ? found : pages.filter(({ command }) => /^(diagnose|status)$/.test(command)))
  const found = (words: string) =>
    orLook(search(words)).map((page) => {
      const seen = now()
      const { mark, sentence } = seen ? possibleNow(page, seen) : {}
      return {
        value: page.command,
        name: line(page, widest, mark),
        description: [...(sentence === undefined ? [] : [sentence]), ...fewOf(page.symptoms)].map((text) => short(`  ${text}`)).join('\n'),
      }
    })
  const command = await prompts.find('What is wrong, or what is to be done?', found)
  const page = pages.find((one) => one.command === command)
  if (!page) throw new Error(`${command} has no page`)
  return page
}

/** What stands between the choice and the first question. */
export const renderSummary = (page: Page, width: number, chalk: ChalkInstance): string => {
  const kind = kindOf(page) === 'changes' ? 'Shows its plan first, and asks before it begins unless it is routine.' : 'Only looks.'
  const text = `# ${[sectionSign(page), page.title].filter(Boolean).join(' ')}\n\n${summaryOf(page)}\n\n${kind} The whole page: \`honeydue runbook:show ${page.command}\`\n`
  return `\n${renderPage(text, width, chalk)}\n`
}
