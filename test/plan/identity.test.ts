import { expect, test } from 'vitest'
import { differenceOf, identityOf, nameOf, refuseMoved, refuseOther } from '../../src/lib/plan/identity.ts'
import type { Plan, PlannedStep } from '../../src/lib/plan/plan.ts'

const step = (title: string, more: Partial<PlannedStep> = {}): PlannedStep => ({
  kind: 'change',
  title,
  effect: [{ what: title, before: 'off', after: 'on' }],
  already: false,
  fidelity: 'observed',
  manual: [`turn on ${title}`],
  writes: [],
  undo: 'undo',
  ...more,
})
const done = (title: string) => step(title, { already: true, effect: [], manual: [] })
const gate = step('Look', { kind: 'gate', effect: [], manual: ['# Is it calm?'] })
const proof = step('It answers', { kind: 'proof', effect: [], manual: [] })
const deleting = (count: number) => step('Delete', { effect: [{ what: 'keys', before: 'present', after: 'gone', count }] })

const planOf = (steps: readonly PlannedStep[], more: Partial<Plan> = {}) => ({
  environment: 'production',
  id: 'test:lights',
  subject: 'lights',
  steps,
  ...more,
})
const difference = (before: readonly PlannedStep[], now: readonly PlannedStep[]) =>
  differenceOf(identityOf(planOf(before)), identityOf(planOf(now)))

test('what is done meanwhile, by our own rollout or Job, is progress and no other plan', () => {
  const [a, b, c] = [step('a'), step('b'), step('c')]
  expect(difference([a, b, c], [done('a'), b, c])).toEqual([])
  expect(difference([a, b, c], [done('a'), done('b'), done('c')])).toEqual([])
  expect(difference([a, b, c], [b, c])).toEqual([])
  expect(difference([a, b, proof], [done('b'), proof])).toEqual([])
  expect(difference([proof, a], [])).toEqual([])
  expect(difference([gate, a], [{ ...gate, already: true, manual: [] }, a])).toEqual([])
})

test('what the confirmed plan did not say is told: a new step, another effect or line, another order, what was done and is not any more', () => {
  const [a, b] = [step('a'), step('b')]
  expect(difference([a], [a, b])).toEqual(['+ b', '+ b: off → on', '+ turn on b'])
  const brighter = step('a', { effect: [{ what: 'a', before: 'off', after: 'bright' }] })
  expect(difference([a, b], [brighter, b])).toEqual(['- a: off → on', '+ a: off → bright'])
  expect(difference([a], [step('a', { manual: ['turn on something else'] })])).toContain('+ turn on something else')
  expect(difference([a, b], [b, a])).not.toEqual([])
  expect(difference([done('a'), b], [a, b])).toContain('+ a: off → on')
})

test('a gate or a proof does not fall away unseen', () => {
  expect(difference([gate, step('a'), proof], [step('a'), proof])).toEqual(['- Look', '- # Is it calm?'])
  expect(difference([gate, step('a'), proof], [gate, step('a')])).toEqual(['- It answers'])
})

test('another deployment, procedure or subject is another plan', () => {
  const now = identityOf(planOf([step('a')]))
  for (const more of [{ environment: 'sandbox' }, { subject: 'lamps' }, { id: 'test:lamps' }]) {
    const other = planOf([step('a')], more)
    expect(differenceOf(identityOf(other), now)).toHaveLength(2)
    expect(nameOf(other)).not.toBe(nameOf(planOf([step('a')])))
  }
})

test('some more things than were shown are the same plan, far more are not: 3 keys do not become 504', () => {
  expect(difference([deleting(3)], [deleting(504)])).toEqual(['+ Delete: 504, where 3 were shown'])
  expect(difference([deleting(500)], [deleting(1200)])).not.toEqual([])
  for (const [before, now] of [
    [3, 12],
    [0, 10],
    [500, 620],
    [504, 3],
  ] as const)
    expect(difference([deleting(before)], [deleting(now)])).toEqual([])
  expect(nameOf(planOf([deleting(500)]))).toBe(nameOf(planOf([deleting(620)])))
  expect(nameOf(planOf([deleting(3)]))).not.toBe(nameOf(planOf([deleting(504)])))
})

test('a name is eight letters and digits, the same for the same plan, and not of what passes by itself', () => {
  const noted = (note: string) => planOf([step('a', { effect: [{ what: 'a', before: 'off', after: 'on', note }] })])
  expect(nameOf(noted('3 s ago'))).toMatch(/^[0-9a-z]{8}$/)
  expect(nameOf(noted('3 s ago'))).toBe(nameOf(noted('4 s ago')))
  expect(nameOf(planOf([step('a')]))).not.toBe(nameOf(planOf([step('b')])))
})

test('another cluster, database or node than was confirmed is refused, also where the steps are the same; one that answers no more is no other one', () => {
  const plan = (reached?: readonly string[]) => ({ ...planOf([step('a')]), ...(reached && { reached }) }) as Plan
  const [one, other] = ['cluster of CA 3F', 'cluster of CA 7B']
  const all = [one, 'database honeyDue on pooler', 'node hetzner1 is honeydue-1']
  expect(() => refuseMoved(plan(all), plan([other, ...all.slice(1)]))).toThrow(
    expect.objectContaining({ exitCode: 8, code: 'another-target', details: [`- ${one}`, `+ ${other}`] }),
  )
  expect(() => refuseOther(plan(all), plan([one, 'node hetzner1 is honeydue-2']), '')).toThrow(
    expect.objectContaining({ details: ['- node hetzner1 is honeydue-1', '+ node hetzner1 is honeydue-2'] }),
  )
  for (const now of [all, [one], [], undefined]) refuseOther(plan(all), plan(now), '')
  refuseOther(plan(), plan([one]), '')
  // Another node that is asked now is not the one that was asked then.
  refuseOther(plan([one, 'node hetzner2 is honeydue-2']), plan([one, 'node hetzner1 is honeydue-1']), '')
})

test('a plan by name is of the cluster and the database that it was made on', () => {
  const told = (...reached: readonly string[]) => ({ ...planOf([step('a')]), reached }) as Plan
  const [here, there] = [told('cluster of CA 3F', 'database a on h'), told('cluster of CA 3F', 'database b on h')]
  expect(nameOf(here)).not.toBe(nameOf(there))
  expect(nameOf(here)).toBe(nameOf(told('database a on h', 'cluster of CA 3F')))
  expect(differenceOf(identityOf(here), identityOf(there))).toEqual(['- database a on h', '+ database b on h'])
  expect(differenceOf(identityOf(here), identityOf(told('cluster of CA 3F')))).toEqual([])
})
