import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { drain } from '../../../src/lib/procedures/edge/drain.ts'
import { purge } from '../../../src/lib/procedures/edge/purge.ts'
import { restore } from '../../../src/lib/procedures/edge/restore.ts'
import { nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { refuse } from '../../../src/lib/sandbox/edge/api/answer.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { keepAliveMs: 60_000 } })
const [, second] = nodes
const opened: ReturnType<typeof openSystems>[] = []
afterEach(async () => {
  for (const systems of opened.splice(0)) await systems.close()
})

/** The environment with a token of its own. */
const withToken = (token: string): Environment => ({
  ...sandbox().environment,
  cloudflare: { ...sandbox().environment.cloudflare, token_command: ['printf', '%s', token] },
})
const begin = (environment: Environment = sandbox().environment) => {
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  opened.push(systems)
  return { systems, context: contextOf(environment) }
}
const state = () => sandbox().cloudflare.state
const leading = () => state().records.filter(({ content }) => content === second.address).length

describe('edge:drain', () => {
  test('the plan shows who is left, counts what is opaque, and says that the connections are waited for', async () => {
    const { systems, context } = begin()
    const { plan } = await prepare(drain, { node: 'hetzner2', within: 1000 }, systems, context)
    expect(plan.confirm).toBe('sandbox/hetzner2')
    expect(plan.steps.map(({ title }) => title)).toEqual([
      'Take api.myhoneydue.com off hetzner2',
      'Take admin.myhoneydue.com off hetzner2',
      'Take myhoneydue.com off hetzner2',
      'Take app.myhoneydue.com off hetzner2',
      'Wait for the last connection to hetzner2',
      'Every public name answers through the edge',
    ])
    expect(plan.steps[0]?.effect).toEqual([
      { what: 'api.myhoneydue.com', before: 'hetzner1, hetzner2, hetzner3', after: 'hetzner1, hetzner3' },
    ])
    expect(plan.steps[0]?.fidelity).toBe('opaque')
    expect(plan.uncheckable[0]).toContain('whether the token may edit DNS is known only by trying')
  })

  test('connections that the edge keeps are waited for, and told when they stay: exit 5', async () => {
    const { systems, context } = begin()
    const prepared = await prepare(drain, { node: 'hetzner2', within: 300 }, systems, context)
    await eventually(async () => {
      await systems.http.read.get('https://api.myhoneydue.com/api/health/')
      return sandbox().edge.connections('hetzner2').length > 0
    })
    const { states, trouble } = await perform(prepared, runOf(systems, drain.needs))
    expect(states).toEqual(['done', 'done', 'done', 'done', 'unverified', 'untouched'])
    expect(trouble?.exitCode).toBe(5)
    expect(trouble?.failed).toMatch(/still open at 443 of hetzner2$/)
    expect(leading()).toBe(0)
  })

  test('a token that may only read is found out by the first write, and nothing is changed', async () => {
    const { systems, context } = begin(withToken(planted.cloudflareReadToken))
    const { states, trouble } = await perform(
      await prepare(drain, { node: 'hetzner2', within: 1000 }, systems, context),
      runOf(systems, drain.needs),
    )
    expect([trouble?.exitCode, trouble?.code, states[0]]).toEqual([4, 'cloudflare-forbidden', 'half'])
    expect(trouble?.likely).toContain('"Zone – DNS – Edit"')
    expect(leading()).toBe(4)
  })

  test('Cloudflare goes away half way: the next run goes on from there', async () => {
    const { systems, context } = begin()
    const prepared = await prepare(drain, { node: 'hetzner2', within: 1000 }, systems, context)
    let deletes = 0
    const end = sandbox().cloudflare.fail({ match: ({ method }) => method === 'DELETE' && ++deletes > 1, answer: 'reset' })
    const first = await perform(prepared, runOf(systems, drain.needs))
    expect([first.trouble?.exitCode, first.states.slice(0, 3), leading()]).toEqual([4, ['done', 'half', 'untouched'], 3])
    end()
    const again = await perform(await prepare(drain, { node: 'hetzner2', within: 1000 }, systems, context), runOf(systems, drain.needs))
    expect([again.states.slice(0, 4), leading()]).toEqual([['already', 'done', 'done', 'done'], 0])
  })

  test('Cloudflare away before: exit 9. A node that is not there: exit 2', async () => {
    const { systems, context } = begin()
    await expect(prepare(drain, { node: 'hetzner4', within: 1000 }, systems, context)).rejects.toMatchObject({ exitCode: 2 })
    sandbox().cloudflare.fail({ answer: 'reset' })
    await expect(prepare(drain, { node: 'hetzner2', within: 1000 }, systems, context)).rejects.toMatchObject({
      exitCode: 9,
      code: 'cloudflare-unreachable',
    })
  })
})

test('edge:restore says why a node may not come back', async () => {
  const { systems, context } = begin()
  state().records = state().records.filter(({ content }) => content !== second.address)
  sandbox().edge.traefik('hetzner2').fail('no-handshake')
  const { plan } = await prepare(restore, { node: 'hetzner2' }, systems, context)
  expect(plan.blocked).toEqual([
    expect.stringMatching(/^hetzner2 is not well: api\.myhoneydue\.com: the TLS handshake failed/),
    'hetzner2 completes no TLS handshake for api.myhoneydue.com, admin.myhoneydue.com, myhoneydue.com, app.myhoneydue.com',
  ])
})

describe('edge:restore refuses what Cloudflare would refuse', () => {
  const zone = 'myhoneydue.com'
  const blocked = async () => {
    const { systems, context } = begin()
    state().records = state().records.filter(({ content }) => content !== second.address)
    return (await prepare(restore, { node: 'hetzner2' }, systems, context)).plan.blocked
  }
  const issued = (more: object) => sandbox().originCa.authority.issue({ commonName: 'origin', names: [zone, `*.${zone}`], ...more })
  const rules = (change: (lines: readonly string[]) => readonly string[]) => {
    const files = sandbox().nodes.node('hetzner2').state
    files.write('ufw/rules4', `${change(files.read('ufw/rules4').trim().split('\n')).join('\n')}\n`)
  }

  test.each([
    ['expired', { notBefore: new Date('2026-01-01'), days: 7 }, /which expired on 2026-01-08$/],
    ['not valid yet', { notBefore: new Date('2040-01-01'), days: 7 }, /which is valid from 2040-01-01T00:00:00.000Z on$/],
    [
      'for other names',
      { names: [zone, 'api.myhoneydue.com'] },
      /for app\.myhoneydue\.com, and it has myhoneydue\.com, api\.myhoneydue\.com$/,
    ],
    ['not in the account', {}, /which Cloudflare does not list: it is revoked, or of another account$/],
  ])('a certificate that is %s', async (_, more, because) => {
    sandbox()
      .edge.traefik('hetzner2')
      .fail({ serves: issued(more) })
    expect(await blocked()).toEqual([expect.stringMatching(because)])
  })

  test('one that was revoked, of which a token for DNS alone knows nothing', async () => {
    state().certificates = state().certificates.map((one) => ({ ...one, revokedAt: new Date() }))
    expect(await blocked()).toEqual([expect.stringMatching(/which Cloudflare does not list/)])
    sandbox().cloudflare.fail({ match: ({ path }) => path.includes('/certificates'), answer: refuse(403, 10000, 'Authentication error') })
    expect(await blocked()).toEqual([])
  })

  test('a firewall that lacks a range or keeps somebody out; one that lets everybody in lets Cloudflare in', async () => {
    rules((lines) => lines.filter((line) => !line.includes('173.245.48.0/20')))
    expect(await blocked()).toEqual(['hetzner2: its firewall keeps out 1 range of Cloudflare: honeydue firewall:refresh'])
    rules((lines) => [...lines, 'allow|in|tcp|any|443|any|'])
    expect(await blocked()).toEqual([])
    rules((lines) => ['deny|in|tcp|104.16.0.7|443|any|', ...lines])
    expect(await blocked()).toEqual([
      expect.stringMatching(/^hetzner2: its firewall keeps a part of Cloudflare out at 443: deny from 104\.16\.0\.7/),
    ])
    sandbox().nodes.node('hetzner2').state.write('ufw/enabled', 'no\n')
    expect(await blocked()).toEqual([])
  })
})

test('edge:purge wants one kind of thing, asks by its weight, and keeps to the limits of a request', async () => {
  const { systems, context } = begin()
  const nothing = { url: [], host: [], everything: false }
  await expect(prepare(purge, nothing, systems, context)).rejects.toMatchObject({ exitCode: 2 })
  await expect(prepare(purge, { ...nothing, host: ['a.myhoneydue.com'], everything: true }, systems, context)).rejects.toMatchObject({
    exitCode: 2,
  })
  const host = Array.from({ length: 250 }, (_, n) => `n${n}.myhoneydue.com`)
  const { plan } = await prepare(purge, { ...nothing, host }, systems, context)
  expect(plan.steps.map(({ title }) => title)).toEqual(['Purge 100 hosts', 'Purge 100 hosts', 'Purge 50 hosts'])
  expect([plan.risk, purge.risk({ ...nothing, url: ['https://a/'] }), purge.risk({ ...nothing, everything: true })]).toEqual([
    'disruptive',
    'routine',
    'irreversible',
  ])
  const everything = await prepare(purge, { ...nothing, everything: true }, systems, context)
  expect(everything.plan.confirm).toBe('sandbox/myhoneydue.com')
})
