import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { askForPage } from '../../src/lib/cli/front-door.ts'
import { type Now, possibleNow } from '../../src/lib/cli/possible-now.ts'
import type { Found, Prompts } from '../../src/lib/cli/prompts.ts'
import { columnsOf } from '../../src/lib/cli/wrap.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { reports } from '../../src/lib/reports/index.ts'
import { type Page, readPages } from '../../src/lib/runbook/page.ts'
import { searchPages } from '../../src/lib/runbook/search.ts'
import { type Answers, beginAnswering } from '../../src/lib/systems/answering.ts'
import type { Name } from '../../src/lib/systems/systems.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
let pages: readonly Page[]
const needsOf = new Map<string, readonly Name[]>()
beforeAll(async () => {
  pages = await readPages(fileURLToPath(new URL('../../runbooks', import.meta.url)))
  const all = { ...procedures, ...reports }
  await Promise.all(Object.entries(all).map(async ([id, load]) => needsOf.set(id, (await load()).needs)))
})

const needs = (command: string) => needsOf.get(command) ?? []
const seen = (known: Readonly<Partial<Record<Name, Answers>>>, readonly = false): Now => ({
  needs,
  known: new Map(Object.entries(known)) as ReadonlyMap<Name, Answers>,
  readonly,
})
const of = (command: string, now: Now) => possibleNow(pages.find((page) => page.command === command) as Page, now)

test('what changes something is not possible now where one of its systems is away; a report shows what it can', () => {
  const now = seen({ kube: { ok: false, because: 'connect ECONNREFUSED' }, nodes: { ok: true }, cloudflare: { ok: true } })
  expect(of('deploy:restart', now)).toEqual({ mark: 'no cluster', sentence: 'Not now: the cluster cannot be asked: connect ECONNREFUSED' })
  expect(of('nodes:status', now)).toEqual({ sentence: 'Only in part now: the cluster cannot be asked: connect ECONNREFUSED' })
  expect(of('edge:drain', now)).toEqual({ sentence: 'Possible now: Cloudflare and the nodes answer' })
  // It is there for this.
  expect(of('kubeconfig:renew', now)).toEqual({ sentence: 'Possible now: the nodes answer' })
})

test('what is not known yet is not told', () => {
  expect(of('deploy:restart', seen({}))).toEqual({})
  expect(of('db:locks', seen({ redis: { ok: true } }))).toEqual({})
})

test('who is silent is not told as away', () => {
  expect(of('cache:invalidate', seen({ redis: { ok: false } }))).toEqual({
    mark: 'Redis silent',
    sentence: 'Not known: Redis has not answered yet',
  })
  // What is certain goes first.
  const now = seen({ kube: { ok: false }, redis: { ok: false, because: 'refused' } })
  expect(of('cache:policy', now).sentence).toBe('Not now: Redis cannot be asked: refused')
})

test('where nothing may be changed, reports alone are possible', () => {
  const now = seen({ redis: { ok: true } }, true)
  expect(of('cache:invalidate', now).mark).toBe('read-only')
  expect(of('cache:status', now)).toEqual({ sentence: 'Possible now: Redis answers' })
})

test('the list has the word behind the kind, the line under the cursor the sentence, both within 80 columns', async () => {
  const now = seen({ redis: { ok: false, because: `no answer ${'x'.repeat(100)}` } })
  let found: readonly Found[] = []
  const prompts = {
    find: async (_: string, source: (words: string) => readonly Found[]) => {
      found = source('§23')
      return found[0]?.value
    },
  } as unknown as Prompts
  await askForPage(pages, searchPages(pages), prompts, () => now)
  expect(found[0]?.name).toMatch(/^§23 {2}cache:invalidate +changes {2}\[no Redis\] {2}Invalidate/)
  expect(found[0]?.description.split('\n')[0]).toMatch(/^ {2}Not now: Redis cannot be asked: no answer/)
  const lines = found.flatMap(({ name, description }) => [name, ...description.split('\n')])
  expect(lines.filter((line) => columnsOf(line) > 78)).toEqual([])
})

test('what of a deployment answers is known within a second, and what goes through the cluster is away with it', async () => {
  const slow = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(20 * ms, signal) }
  const well = beginAnswering(sandbox().environment, slow)
  await well.heard
  well.close()
  expect(Object.fromEntries(well.known())).toMatchObject({ kube: { ok: true }, redis: { ok: true }, nodes: { ok: true } })
  sandbox().kubernetes.fail({ answer: 'reset' })
  const away = beginAnswering(sandbox().environment, slow)
  await away.heard
  away.close()
  expect(Object.fromEntries(away.known())).toMatchObject({
    kube: { ok: false },
    redis: { ok: false },
    postgres: { ok: false },
    nodes: { ok: true },
  })
})
