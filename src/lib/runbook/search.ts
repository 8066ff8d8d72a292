import MiniSearch from 'minisearch'
import type { Page } from './page.ts'

const empty = new Set(
  'a an and are at be for from has have in is it its no not of on or that the their they to was what which who with'.split(' '),
)

/** One form for singular, plural and past: `residences` and `residence` are the same word, and so are `evicts` and `evicted`. */
const stem = (word: string): string => (word.length > 4 ? word.replace(/(?:ies|ing|ed|es|s|e|y)$/, '') : word)

const processTerm = (term: string): string | null => {
  const word = term.toLowerCase()
  return empty.has(word) ? null : stem(word)
}

/** The number of `§23`, `section 23` or `23`. */
const sectionOf = (query: string): number | undefined => {
  const [, number] = /^(?:§|section)?\s*(\d{1,2})$/i.exec(query.trim()) ?? []
  return number === undefined ? undefined : Number(number)
}

/** The words of a text: `don't` is one, as `dont` is. */
const wordsIn = (text: string): readonly string[] => text.replace(/['’]/g, '').split(/[^\p{L}\p{N}]+/u)

const plain = (text: string): string => ` ${wordsIn(text.toLowerCase()).filter(Boolean).join(' ')} `

/** Whether a symptom of the page has these words, several of them, as they were typed: an error text that was copied. */
const says = ({ symptoms }: Page, query: string): boolean => {
  const words = plain(query)
  return words.trim().includes(' ') && symptoms.some((symptom) => plain(symptom).includes(words))
}

/** Finds pages by section, title, symptom and command, the best first; everything in order while nothing is asked. */
export const searchPages = (pages: readonly Page[]): ((query: string) => readonly Page[]) => {
  const index = new MiniSearch<Page>({
    idField: 'command',
    fields: ['command', 'title', 'symptoms', 'text'],
    tokenize: (text) => [...wordsIn(text)],
    extractField: (page, field) => {
      const value = page[field as keyof Page]
      return Array.isArray(value) ? value.join('\n') : String(value ?? '')
    },
    processTerm,
    searchOptions: {
      boost: { symptoms: 6, title: 4, command: 4 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      processTerm,
      // A code (526, 23505) says more than the words around it.
      boostTerm: (term) => (/^\d{3,}$/.test(term) ? 8 : 1),
    },
  })
  index.addAll(pages)
  const pageOf = new Map(pages.map((page) => [page.command, page]))
  return (query) => {
    const section = sectionOf(query)
    if (section !== undefined) return pages.filter((page) => page.section === section)
    if (query.trim() === '') return pages
    const meant = pagesMeant(
      pages,
      query
        .trim()
        .replace(/^honeydue\s+/i, '')
        .split(/\s+/),
    )
    const found = index.search(query).flatMap(({ id }) => pageOf.get(id) ?? [])
    const said = found.filter((page) => says(page, query))
    return [...new Set([...meant, ...said, ...found])]
  }
}

/** The pages that are meant by `§25`, `25`, `db:switch-host`, `db switch-host` or `switch-host`; none where nothing is. */
export const pagesMeant = (pages: readonly Page[], words: readonly string[]): readonly Page[] => {
  const section = sectionOf(words.join(' '))
  if (section !== undefined) return pages.filter((page) => page.section === section)
  const name = words.join(':').toLowerCase()
  const exact = pages.filter(({ command }) => command === name)
  return exact.length > 0 ? exact : pages.filter(({ command }) => command.split(':')[1] === name)
}
