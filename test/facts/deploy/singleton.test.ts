import { expect, test } from 'vitest'
import { isSingleton } from '../../../src/lib/facts/deploy/workload.ts'

test('the environment says which workload may never run twice', () => {
  const workloads = { worker: { replicas: 1 }, mailer: { replicas: 1, singleton: true } }
  expect(['worker', 'mailer', 'absent'].map((name) => isSingleton({ workloads }, name))).toEqual([false, true, false])
})
