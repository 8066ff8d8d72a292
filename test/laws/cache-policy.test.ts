import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { policy } from '../../src/lib/procedures/cache/policy.ts'
import type { Policy } from '../../src/lib/procedures/cache/policy-facts.ts'
import { settingPlaces } from '../../src/lib/yaml-settings.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const file = () => join(sandbox().environment.checkout, 'deploy-k3s/manifests/redis.yaml')
const manifest = () => (existsSync(file()) ? readFileSync(file(), 'utf8') : undefined)
const lock = 'asynq:{default}:unique:email:send:0'

const subject = wholeSubject({
  sandbox,
  systems,
  close,
  observe: () => [sandbox().redis.settings.get('maxmemory-policy'), manifest()],
})

laws(policy, subject, [
  { name: 'healthy', input: { to: 'volatile-lru' }, arrange: () => {}, meets: 'work' },
  { name: 'already so', input: { to: 'allkeys-lru' }, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'a read-only replica',
    input: { to: 'volatile-lru' },
    arrange: () => sandbox().redis.fail({ kind: 'read-only' }),
    refused: /is a read-only replica/,
  },
  {
    name: 'Redis set by hand at night, the manifest not',
    input: { to: 'allkeys-lru' },
    arrange: () => void sandbox().redis.settings.set('maxmemory-policy', 'noeviction'),
    meets: 'work',
  },
  { name: 'no manifest of Redis', input: { to: 'volatile-lru' }, arrange: () => rmSync(file()), meets: 'work' },
])

describe('cache:policy', () => {
  beforeEach(() => subject.reset())

  const planned = async (to: Policy) => {
    const context = contextOf(sandbox().environment)
    const prepared = await prepare(policy, { to }, systems(), context)
    const text = [...prepared.plan.target, ...prepared.plan.beyond].join('\n')
    return { prepared, text, ...prepared.plan }
  }

  test('what may lose a job, a lock or a write is typed, and the plan says how much of the queue it is', async () => {
    const { store, settings } = sandbox().redis
    settings.set('maxmemory-policy', 'noeviction')
    const jobs = store.keys().filter((key) => key.startsWith('asynq:{default}:t:')).length
    const all = await planned('allkeys-lru')
    expect(all.risk).toBe('irreversible')
    expect(all.outlier).toContain('may evict jobs')
    expect(all.text).toContain(`${jobs} are jobs now`)
    const volatile = await planned('volatile-lru')
    expect([volatile.risk, volatile.outlier]).toEqual(['disruptive', undefined])
    expect(volatile.text).toContain(`0 of ${jobs} jobs and 0 of 0 unique locks`)
    expect(volatile.text).toContain('The cluster starts Redis with allkeys-lru')
    store.set(lock, 'some-job', 60_000)
    expect(await planned('volatile-lru')).toMatchObject({ risk: 'irreversible', outlier: expect.stringContaining('unique locks') })
    settings.set('maxmemory-policy', 'allkeys-lru')
    expect((await planned('noeviction')).risk).toBe('disruptive')
    settings.set('maxmemory', '1000')
    expect((await planned('noeviction')).outlier).toContain('writes fail at once')
  })

  test('the manifest keeps its comments and rights, and only the one word changes', async () => {
    const before = `# kept\n${manifest()}`.replace('- allkeys-lru', "- 'allkeys-lru' # since 88fb175")
    writeFileSync(file(), before, { mode: 0o640 })
    const mode = statSync(file()).mode
    const { prepared } = await planned('volatile-lru')
    expect((await perform(prepared, runOf(systems(), ['redis', 'kube', 'checkout']))).trouble).toBeUndefined()
    expect(manifest()).toBe(before.replace("'allkeys-lru'", "'volatile-lru'"))
    expect(statSync(file()).mode).toBe(mode)
  })

  test('two manifests that say one are a question, and so is a word that stands twice in its line', async () => {
    const gate = async () => (await planned('volatile-lru')).steps.find(({ kind }) => kind === 'gate')?.ask
    writeFileSync(file(), `${manifest()}`.replace('- allkeys-lru', '- allkeys-lru # allkeys-lru since 88fb175'))
    expect(await gate()).toContain('more than once')
    writeFileSync(
      join(file(), '../redis-conf.yaml'),
      'kind: ConfigMap\ndata:\n  redis.conf: |\n    # maxmemory-policy none\n    maxmemory-policy noeviction\n',
    )
    expect(await gate()).toContain('redis-conf.yaml:5 (noeviction)')
  })

  test('somebody who sets another one meanwhile stops it', async () => {
    const { prepared } = await planned('volatile-lru')
    sandbox().redis.settings.set('maxmemory-policy', 'noeviction')
    const before = manifest()
    expect((await perform(prepared, runOf(systems(), ['redis', 'kube', 'checkout']))).trouble).toMatchObject({ exitCode: 8 })
    expect(subject.observe()).toEqual(['noeviction', before])
  })
})

test('a policy is found in the ways in which Redis is told one, and not in a comment', () => {
  const of = (text: string) => settingPlaces(text, 'maxmemory-policy')
  expect(of('args: ["--maxmemory-policy", "allkeys-lru"] # --maxmemory-policy x')).toEqual([{ line: 1, value: 'allkeys-lru' }])
  expect(of('a: 1\n---\nargs:\n  - --maxmemory-policy\n  - volatile-lru\n')).toEqual([{ line: 5, value: 'volatile-lru' }])
  expect(of('command: ["sh", "-c", "exec redis-server --maxmemory-policy noeviction"]')).toEqual([{ line: 1, value: 'noeviction' }])
  expect(of('data:\n  redis.conf: |\n    maxmemory 256mb\n    # maxmemory-policy no\n    maxmemory-policy allkeys-lru\n')).toEqual([
    { line: 5, value: 'allkeys-lru' },
  ])
  expect(of('maxmemory-policy: allkeys-lfu')).toEqual([{ line: 1, value: 'allkeys-lfu' }])
  expect(of('# maxmemory-policy: allkeys-lfu\nmaxmemory-policy-note: x')).toEqual([])
})
