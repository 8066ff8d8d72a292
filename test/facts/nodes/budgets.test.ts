import { expect, test } from 'vitest'
import { budgetsOf } from '../../../src/lib/facts/nodes/budgets.ts'
import type { Pod, PodDisruptionBudget } from '../../../src/lib/systems/kube/types.ts'

const now = new Date('2026-01-01T00:10:00Z')
const pod = (name: string, ready: boolean, status: Partial<Pod['status']> = {}): Pod => ({
  metadata: { name, namespace: 'honeydue', uid: name },
  spec: { containers: [] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    ...status,
  },
})
const budget = (numbers: PodDisruptionBudget['status'], spec: PodDisruptionBudget['spec'] = {}): PodDisruptionBudget => ({
  metadata: { name: 'api', namespace: 'honeydue' },
  spec,
  ...(numbers && { status: numbers }),
})
const counts = (currentHealthy: number, desiredHealthy: number, expectedPods: number) => ({
  currentHealthy,
  desiredHealthy,
  expectedPods,
  disruptionsAllowed: Math.max(0, currentHealthy - desiredHealthy),
})
const here = pod('here', true)
const say = (
  numbers: PodDisruptionBudget['status'],
  pods: readonly Pod[],
  { leaving = [here], stays = [] as readonly Pod[], spec = {} } = {},
) => {
  const { never, waits } = budgetsOf(leaving, [{ budget: budget(numbers, spec), pods }], new Map(stays.map((one) => [one, 'bound'])), now)
  return [...never.map(({ because }) => `never: ${because}`), ...waits]
}

const crashing = pod('ill', false, {
  containerStatuses: [{ name: 'a', ready: false, restartCount: 9, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
})
const unplaced = pod('waits', false, {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
})
const second = pod('two', true)
const starting = pod('starts', false)

test.each([
  ['it allows one', counts(3, 2, 3), [here], {}, []],
  ['it asks for all', counts(3, 3, 3), [here], {}, ['never: the budget api asks for 3 of 3 pods: it lets none go, ever']],
  ['its controller has not counted', undefined, [here], {}, ['The budget api has not been counted yet: it is waited for']],
  [
    'another is starting',
    counts(2, 2, 3),
    [here, starting],
    {},
    ['The budget api lets none go now, for 10 min: 2 of 3 are ready, and 2 must stay; it is waited for'],
  ],
  ['another crashes', counts(2, 2, 3), [here, crashing], {}, ['never: the budget api lets none go: ill is in CrashLoopBackOff']],
  [
    'another finds no node',
    counts(2, 2, 3),
    [here, unplaced],
    {},
    ['never: the budget api lets none go: waits has no node: 0/3 nodes are available'],
  ],
  [
    'two are here and one may go',
    counts(3, 2, 3),
    [here, second],
    { leaving: [here, second] },
    ['The budget api lets 1 go at a time, and 2 are here: each waits for the one before it'],
  ],
  [
    'two are here, neither can run elsewhere',
    counts(3, 2, 3),
    [here, second],
    { leaving: [here, second], stays: [here, second] },
    ['never: the budget api lets 1 go, and 2 of its pods here can run nowhere else'],
  ],
  ['the one here crashes, and the others are enough', counts(2, 2, 3), [crashing], { leaving: [crashing] }, []],
  [
    'the one here crashes, and the budget counts only those that are ready',
    counts(1, 2, 3),
    [crashing],
    { leaving: [crashing], spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
    [],
  ],
])('a budget where %s', (_, numbers, pods, more, expected) => {
  expect(say(numbers, pods, more as never)).toEqual(expected)
})
