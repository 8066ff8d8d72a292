import { afterEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { type Lease, type Taking, takeLease } from '../../src/lib/journal/lease.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { useSystems } from '../support/systems-of.ts'
import { eventually, useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const leases = { group: 'coordination.k8s.io', resource: 'leases' }
const stored = () =>
  sandbox().kubernetes.client.get(leases, 'honeydue-operators', namespace) as { spec?: Record<string, unknown> } | undefined

const held: Lease[] = []
afterEach(async () => {
  for (const lease of held.splice(0)) await lease.release()
})

/** A lease that counts as abandoned after so many seconds: its holder renews six times in it. */
const taking = (who: string, more: Partial<Taking> = {}) => {
  const said: string[] = []
  const take = async () => {
    const lease = await takeLease({
      store: systems().lease,
      clock: systemClock,
      holder: `${who}@test/run-of-${who}`,
      seconds: 2,
      told: { run: `run-of-${who}`, line: 'honeydue edge:drain hetzner1' },
      signal: new AbortController().signal,
      wait: 0,
      isDead: () => false,
      takeOver: async () => false,
      say: (text) => void said.push(text),
      ...more,
    })
    held.push(lease)
    return lease
  }
  return { take, said }
}

/** Somebody who took it and was ended: nobody renews it. */
const abandoned = async (who: string) => {
  const store = systems().lease
  const over = await store.read()
  const mine = { holder: `${who}@test/run-of-${who}`, epoch: (over?.epoch ?? 0) + 1 }
  expect(await store.take(over, { ...mine, seconds: 2, told: { step: '2 of 5: Restart api' } })).toBe(true)
  return mine
}

test('of two at the same moment one holds it, and the other is told who, since when, doing what', async () => {
  const both = await Promise.allSettled([taking('a').take(), taking('b').take()])
  const lost = both.find((one) => one.status === 'rejected')
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(lost?.reason).toMatchObject({
    exitCode: 7,
    code: 'lease-held',
    details: expect.arrayContaining(['doing    edge:drain hetzner1']),
  })
  expect(String(lost?.reason.failed)).toMatch(/^[ab]@test is changing this deployment$/)
})

test('it is renewed while it is held, says its step, and is free after its release; the next epoch is a higher one', async () => {
  const lease = await taking('a').take()
  const first = stored()?.spec?.['renewTime']
  lease.tell('2 of 5: Restart api')
  await eventually(async () => stored()?.spec?.['renewTime'] !== first)
  await expect(taking('b').take()).rejects.toMatchObject({ details: expect.arrayContaining(['at step  2 of 5: Restart api']) })
  await lease.check()
  await lease.release()
  expect(stored()?.spec?.['holderIdentity']).toBeUndefined()
  const next = await taking('b').take()
  expect(next.epoch).toBe(lease.epoch + 1)
})

test('who has stopped renewing is named, and is taken over by name alone; the old holder is told, and stops', async () => {
  const old = await taking('old', { store: { ...systems().lease, renew: () => new Promise(() => {}) } }).take()
  held.pop()
  await expect(taking('new').take()).rejects.toMatchObject({ code: 'lease-held' })
  await systemClock.sleep(2100)
  await expect(taking('new').take()).rejects.toMatchObject({
    exitCode: 7,
    code: 'lease-abandoned',
    next: expect.stringContaining('--take-over old@test'),
  })
  const { take, said } = taking('new', { takeOver: async ({ holder }) => holder === 'old@test/run-of-old' })
  const lease = await take()
  expect([lease.epoch, said.join(' ')]).toEqual([old.epoch + 1, expect.stringContaining('Taken over from old@test/run-of-old')])
  await expect(old.check()).rejects.toMatchObject({ exitCode: 7, code: 'lease-lost', failed: 'new@test took the operators’ lease over' })
  await lease.check()
})

test('a renewal that finds another holder ends the run that slept', async () => {
  const slept = await taking('slept').take()
  const over = await systems().lease.read()
  expect(await systems().lease.take(over, { holder: 'new@test/x', epoch: slept.epoch + 1, seconds: 2, told: {} })).toBe(true)
  await eventually(async () => slept.lost.aborted)
  expect(slept.lost.reason).toMatchObject({ exitCode: 7, code: 'lease-lost' })
  await slept.release()
  expect(stored()?.spec?.['holderIdentity']).toBe('new@test/x')
  await systems().lease.release({ holder: 'new@test/x', epoch: slept.epoch + 1 })
})

test('a process of this machine that has ended gives it up without a question', async () => {
  const dead = await abandoned('dead')
  const { take, said } = taking('next', { isDead: ({ holder }) => holder === dead.holder })
  expect((await take()).epoch).toBe(dead.epoch + 1)
  expect(said.join(' ')).toContain('was interrupted at step 2 of 5: Restart api')
})

test('a clock that is an hour ahead or behind takes nobody for dead who renews', async () => {
  await taking('a').take()
  for (const hours of [1, -1]) {
    const skewed: Clock = { ...systemClock, now: () => new Date(Date.now() + hours * 3_600_000) }
    await expect(taking('b', { clock: skewed, takeOver: async () => true }).take()).rejects.toMatchObject({ code: 'lease-held' })
  }
})

test('who waits gets it when it is released, and when its holder dies', async () => {
  const first = await taking('a').take()
  const waiting = taking('b', { wait: 10_000 }).take()
  await systemClock.sleep(300)
  await first.release()
  const second = await waiting
  expect(second.holder).toContain('b@test')
  await second.release()
  await abandoned('dead')
  const third = await taking('c', { wait: 10_000, takeOver: async () => true }).take()
  expect(third.holder).toContain('c@test')
})

test('an API server that is away: for two renewals nobody can have taken it, then it is not known', async () => {
  const lease = await taking('a').take()
  sandbox().kubernetes.fail({ answer: 'reset' })
  await lease.check()
  await systemClock.sleep(800)
  await expect(lease.check()).rejects.toMatchObject({ exitCode: 9, code: 'lease-unseen' })
  await expect(lease.checkIfOld()).rejects.toMatchObject({ code: 'lease-unseen' })
})

test('a Lease that somebody deletes is lost', async () => {
  const lease = await taking('a').take()
  sandbox().kubernetes.client.delete(leases, 'honeydue-operators', namespace)
  await expect(lease.check()).rejects.toMatchObject({ code: 'lease-lost' })
})

test('who is asked to stop does so before its next change, and not within one; the request outlives renewals, and can be taken back', async () => {
  const lease = await taking('a').take()
  const store = systems().lease
  expect(await store.ask({ holder: 'somebody@else/x', epoch: lease.epoch }, 'eva@laptop')).toBe(false)
  expect(await store.ask(lease, 'eva@laptop')).toBe(true)
  const first = stored()?.spec?.['renewTime']
  lease.tell('3 of 5: Restart worker')
  await eventually(async () => stored()?.spec?.['renewTime'] !== first)
  expect(await store.read()).toMatchObject({ askedBy: 'eva@laptop', told: { step: '3 of 5: Restart worker', run: 'run-of-a' } })
  await lease.checkIfOld()
  await expect(lease.check()).rejects.toMatchObject({
    exitCode: 7,
    code: 'lease-handed-over',
    failed: expect.stringContaining('eva@laptop'),
  })
  expect(await store.ask(lease, undefined)).toBe(true)
  await lease.check()
  await store.ask(lease, 'eva@laptop')
  await lease.release()
  // Whoever takes it next was not asked.
  await (await taking('b').take()).check()
})

test('a lease whose annotations somebody took away is renewed all the same', async () => {
  const lease = await taking('a').take()
  sandbox().kubernetes.client.update(leases, 'honeydue-operators', namespace, (draft) => {
    delete draft.metadata.annotations
  })
  lease.tell('2 of 5: Restart api')
  await eventually(async () => (await systems().lease.read())?.told.step === '2 of 5: Restart api')
  await lease.check()
  expect(lease.lost.aborted).toBe(false)
})
