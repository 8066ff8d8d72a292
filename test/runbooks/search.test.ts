import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Page, readPages } from '../../src/lib/runbook/page.ts'
import { pagesMeant, searchPages } from '../../src/lib/runbook/search.ts'
import { typedWords } from './typed-words.ts'

let pages: readonly Page[]
beforeAll(async () => {
  pages = await readPages(fileURLToPath(new URL('../../runbooks', import.meta.url)))
})

describe('what an operator types finds the page first', () => {
  test.each([
    ['user sees old residences', 'cache:invalidate'],
    ['stale residence', 'cache:invalidate'],
    ['invalidate', 'cache:invalidate'],
    ['§23', 'cache:invalidate'],
    ['section 23', 'cache:invalidate'],
    ['23', 'cache:invalidate'],
    ['maxmemory', 'cache:status'],
    ['redis full', 'cache:status'],
    ['stuck advisory lock', 'db:locks'],
    ['pods hang at migration lock', 'db:locks'],
    ['end a session that blocks others', 'db:unlock'],
    ['who is connected', 'db:connections'],
    ['to many conections', 'db:connections'],
    ['node notready', 'nodes:status'],
    ['disk full', 'nodes:disk'],
    ['nodes:status', 'nodes:status'],
    ['db unlock', 'db:unlock'],
    ['pooler down', 'db:switch-host'],
    ['§25', 'db:switch-host'],
    ['slow first request', 'db:verify-warmup'],
    ['§24', 'db:verify-warmup'],
    ['§1', 'cluster:health'],
    ['switch to direct host', 'db:switch-host'],
  ])('%s → %s', (query, command) => {
    expect(searchPages(pages)(query)[0]?.command).toBe(command)
  })

  test('more than 500 things that people type find their page first', () => {
    const search = searchPages(pages)
    const lost = typedWords.flatMap(([words, ...first]) => {
      const [found] = search(words)
      return found && first.includes(found.command) ? [] : [`${words} → ${found?.command ?? 'nothing'}, not ${first.join(' or ')}`]
    })
    expect(typedWords.length).toBeGreaterThan(500)
    expect(lost, 'mend the symptoms of the page that should come first, or where the found one is right, typed-words.ts').toEqual([])
  })

  test('nothing typed lists every page, a section that is not there none', () => {
    expect(searchPages(pages)(' ')).toEqual(pages)
    expect(searchPages(pages)('§99')).toEqual([])
  })

  test('a command by its name is first, however it is typed', () => {
    const search = searchPages(pages)
    const typed = (command: string) => [command, command.replace(':', ' '), `honeydue ${command}`]
    expect(pages.flatMap(({ command }) => typed(command).filter((query) => search(query)[0]?.command !== command))).toEqual([])
  })

  test('a word that is not finished finds already', () => {
    expect(searchPages(pages)('resid')[0]?.command).toBe('cache:invalidate')
  })
})

test.each([
  [['§23'], ['cache:invalidate']],
  [['§', '23'], ['cache:invalidate']],
  [['23'], ['cache:invalidate']],
  [['cache:invalidate'], ['cache:invalidate']],
  [['cache', 'invalidate'], ['cache:invalidate']],
  [['Invalidate'], ['cache:invalidate']],
  [['25'], ['db:switch-host']],
  [['db', 'switch-host'], ['db:switch-host']],
  [['lock'], []],
])('%j means %j', (words, commands) => {
  expect(pagesMeant(pages, words).map(({ command }) => command)).toEqual(commands)
})
