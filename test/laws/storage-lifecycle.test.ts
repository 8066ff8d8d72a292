import { expect, test } from 'vitest'
import { rightRules } from '../../src/lib/facts/storage/lifecycle.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import { lifecycle } from '../../src/lib/procedures/storage/lifecycle.ts'
import type { SandboxRule } from '../../src/lib/sandbox/storage/rules.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const storage = () => sandbox().storage
const right: SandboxRule = { prefix: 'uploads/', hide: 7, remove: 1 }
const rules =
  (...given: readonly SandboxRule[]) =>
  () => {
    storage().rules = [...given]
  }
const planned = () => prepare(lifecycle, {}, systems(), contextOf(sandbox().environment))

laws(
  lifecycle,
  wholeSubject({ sandbox, systems, close, observe: () => [...storage().rules].sort((a, b) => a.prefix.localeCompare(b.prefix)) }),
  [
    {
      name: 'too late, one for the whole bucket, and one that has nothing to do with it',
      input: {},
      arrange: rules({ prefix: 'uploads/', hide: 30, remove: 3, cancel: 2 }, { prefix: '', hide: 365 }, { prefix: 'exports/', remove: 5 }),
      meets: 'work',
    },
    { name: 'none at all', input: {}, arrange: rules(), meets: 'work' },
    { name: 'a rule that is off', input: {}, arrange: rules({ ...right, enabled: false }), meets: 'work' },
    { name: 'as they are to be', input: {}, arrange: rules(right, { prefix: 'exports/', remove: 5 }), meets: 'nothing to do' },
    {
      name: 'a rule with a condition that is not known here',
      input: {},
      arrange: rules({ prefix: 'uploads/', hide: 30, condition: '<ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>' }),
      refused: /the rule of uploads\/ has conditions that are not known here/,
    },
  ],
)

test('what has nothing to do with it stays, and so does how long uploads in parts may take', async () => {
  await sandbox().reset()
  rules({ prefix: 'uploads/', hide: 30, cancel: 2 }, { prefix: 'exports/', remove: 5 })()
  expect((await perform(await planned(), runOf(systems(), lifecycle.needs))).trouble).toBeUndefined()
  expect(storage().rules).toEqual([
    { ...right, cancel: 2 },
    { prefix: 'exports/', remove: 5 },
  ])
})

test('the plan counts what the rules are about to take, and names what stays', async () => {
  await sandbox().reset()
  rules({ prefix: 'exports/', remove: 5 })()
  for (const [key, days] of Object.entries({ 'uploads/a': 8, 'uploads/b': 6, kept: 900 }))
    storage().objects.set(key, { body: '', version: key, modified: new Date(Date.now() - days * 86_400_000) })
  const { plan } = await planned()
  expect(plan.steps[0]?.effect.map(({ what, before, after }) => `${what}: ${before} → ${after}`)).toEqual([
    'uploads that are never attached (uploads/): never hidden, never deleted → hidden after 7 days, deleted 1 day later',
    '1 object under uploads/ older than 7 days: there → hidden, and deleted 1 day later',
  ])
  expect(plan.beyond).toContain('The rule of exports/ stays: deletes what is hidden for 5 days')
  expect([plan.risk, plan.subject]).toEqual(['irreversible', 'honeyDueProd'])
})

test('rules that somebody set since are not written over, and a key that may not is told as such', async () => {
  await sandbox().reset()
  rules()()
  const prepared = await planned()
  rules({ prefix: 'exports/', remove: 5 })()
  const { trouble } = await perform(prepared, runOf(systems(), lifecycle.needs))
  expect([trouble?.code, trouble?.exitCode, storage().rules]).toEqual(['storage-rules-moved', 8, [{ prefix: 'exports/', remove: 5 }]])
  storage().without.add('set lifecycle')
  const refused = await perform(await planned(), runOf(systems(), lifecycle.needs))
  expect([refused.trouble?.code, refused.trouble?.exitCode]).toEqual(['storage-forbidden', 4])
})

test('a rule that only hides sooner below the prefix is nobody’s business here', async () => {
  await sandbox().reset()
  rules(right, { prefix: 'uploads/tmp/', hide: 1 })()
  const read = await readersOf(systems(), lifecycle.needs).storage.lifecycle()
  expect(rightRules(read, 'uploads/').filter(({ prefix }) => prefix === 'uploads/tmp/').length).toBeGreaterThan(0)
  expect((await planned()).plan.steps[0]?.already).toBe(true)
})
