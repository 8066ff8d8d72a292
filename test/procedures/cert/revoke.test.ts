import { expect, test } from 'vitest'
import type { RunEvent } from '../../../src/lib/plan/outcome.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { isGate } from '../../../src/lib/plan/procedure.ts'
import { rotate } from '../../../src/lib/procedures/cert/rotate.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { input, soon, useRotation } from './rotation.ts'

const { sandbox, opened, context, run, current, secret, oneHost, valid, health } = useRotation()

test('Cloudflare down after the soak, and at the revocation: the new pair is served, the old one valid, and the next run revokes it', async () => {
  oneHost()
  const systems = opened()
  const first = current()
  const asked: string[] = []
  const settle = async ({ type = '' }) => {
    asked.push(type)
    return true
  }
  const faults = [
    { fault: { match: ({ method }: { method: string }) => method === 'GET', answer: 'reset' }, exitCode: 9, asked: 0 },
    { fault: { match: ({ method }: { method: string }) => method === 'DELETE', answer: 'server-error' }, exitCode: 4, asked: 1 },
  ] as const
  for (const { fault, ...expected } of faults) {
    const prepared = await prepare(rotate, input, systems, context())
    let end = () => {}
    // From the last look of the soak on.
    const last = prepared.steps.findIndex(isGate) - 1
    const tell = ({ type, index }: RunEvent) => {
      if (type === 'settled' && index === last) end = sandbox().cloudflare.fail(fault)
    }
    asked.length = 0
    const { trouble } = await perform(prepared, { ...run(systems), settle, tell })
    end()
    expect({ exitCode: trouble?.exitCode, asked: asked.length }).toEqual(expected)
    expect(trouble?.state).toMatch(/(Not done|not seen to hold): Revoke the old certificate [0-9A-F:]{23}\.$/)
    expect(valid()).toEqual([first, current()])
    expect([secret(), await health()]).toEqual([current(), 200])
  }
  sandbox().cloudflare.fail({ match: ({ method }) => method === 'DELETE', times: 1, answer: 'reset', after: true })
  expect((await perform(await prepare(rotate, input, systems, context()), run(systems))).trouble?.exitCode).toBe(4)
  expect(valid()).toEqual([current()])
  asked.length = 0
  const again = await perform(await prepare(rotate, input, systems, context()), { ...run(systems), settle })
  expect([again.trouble, asked, again.states.at(-1)]).toEqual([undefined, [], 'already'])
})

test('what changed while the question stood is seen before the revocation', async () => {
  oneHost()
  const systems = opened()
  const prepared = await prepare(rotate, input, systems, context())
  const before = sandbox().kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)?.data
  const settle = async () => {
    sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace, (draft) => {
      draft.data = before
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    return true
  }
  const { trouble, states } = await perform(prepared, { ...run(systems, soon()), settle })
  // The proof sees it, or, where that takes longer, the look back at what was done.
  expect([
    [5, 'untouched'],
    [8, 'untouched'],
  ]).toContainEqual([trouble?.exitCode, states.at(-1)])
  expect(trouble?.failed).toMatch(
    trouble?.exitCode === 8
      ? /^What was done does not hold any more: /
      : /^Every node serves the new one still, and every name answers: (hetzner\d still serves|\d nodes still serve) [0-9A-F:]{23} for api\.myhoneydue\.com/,
  )
  expect(valid()).toHaveLength(2)
})
