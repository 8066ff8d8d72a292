import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { perform, undo } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/cert/rotate.ts'
import { apiHost, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../context.ts'
import { useSandbox } from '../../worlds.ts'

vi.setConfig({ testTimeout: 300_000 })

const sandbox = useSandbox({ speed: { reloadMs: 30, keepAliveMs: 0 } })
const input = { validity: '90', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const needs = rotate.needs
let close = async () => {}
afterEach(() => close())

const opened = () => {
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  close = systems.close
  return systems
}
type Systems = ReturnType<typeof opened>
const context = () => contextOf(sandbox().environment)
const runOf = (systems: Systems, clock: Clock = systemClock) => ({
  systems,
  needs,
  clock,
  signal: new AbortController().signal,
  tell: () => {},
  settle: async () => true,
})
const file = (name: string) => join(sandbox().dir, 'checkout/deploy-k3s/secrets', `cloudflare-origin.${name}`)
const current = () => readFileSync(file('crt'), 'utf8')
const secret = () => {
  const found = sandbox().kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (found?.data ?? {}) as Record<string, string>
  return Buffer.from(data['tls.crt'] ?? '', 'base64').toString()
}
const oneHost = () => {
  for (const name of ['admin', 'web'])
    sandbox().kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, name, namespace)
}
const valid = () =>
  sandbox()
    .cloudflare.state.certificates.filter(({ revokedAt }) => !revokedAt)
    .map(({ listed }) => listed.certificate)
const health = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const { dir, edge } = sandbox()
    const asked = request(
      {
        host: '127.0.0.1',
        port: edge.port,
        path: '/api/health/',
        servername: apiHost,
        headers: { host: apiHost },
        ca: readFileSync(join(dir, 'ca.crt')),
        agent: false,
      },
      (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)),
    )
    asked.on('error', reject).end()
  })

test('a rotation under constant requests through the edge loses none, and ends with the new certificate alone', async () => {
  const systems = opened()
  const first = current()
  const statuses: number[] = []
  const running = { on: true }
  const requests = (async () => {
    while (running.on) {
      statuses.push(await health())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  const prepared = await prepare(rotate, input, systems, context())
  const { trouble, states } = await perform(prepared, runOf(systems))
  running.on = false
  await requests
  process.stderr.write(`${statuses.length} requests during the rotation\n`)
  expect(trouble).toBeUndefined()
  expect(states).toEqual(['done', 'done', 'done', 'done', 'proven', 'proven', 'done', 'proven', 'done'])
  expect(statuses.length).toBeGreaterThan(10)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  expect(secret()).toBe(current())
  expect(current()).not.toBe(first)
  expect(valid()).toEqual([current()])
  expect(new X509Certificate(current()).subjectAltName).toBe(new X509Certificate(first).subjectAltName)
  expect(JSON.stringify(prepared.plan)).not.toMatch(/PRIVATE KEY|PLANTED/)
})

test('the edge answers 526 after the change: the run stops, nothing is revoked, and the old pair comes back on request', async () => {
  oneHost()
  const systems = opened()
  const first = current()
  const prepared = await prepare(rotate, input, systems, context())
  const replace = systems.kube.write.replaceTlsSecret
  const distrusted = {
    ...systems,
    kube: {
      ...systems.kube,
      write: {
        ...systems.kube.write,
        replaceTlsSecret: async (target: Parameters<typeof replace>[0]) => {
          await replace(target)
          // As if Cloudflare did not believe what it has just signed: every node serves it, and the edge refuses it.
          const { state } = sandbox().cloudflare
          state.certificates = state.certificates.map((one) =>
            one.listed.certificate === current() ? { ...one, revokedAt: new Date() } : one,
          )
        },
      },
    },
  }
  const { trouble, states } = await perform(prepared, runOf(distrusted, soon()))
  expect(trouble).toMatchObject({ exitCode: 5 })
  expect(trouble?.failed).toContain(`${apiHost} answers 526: a node's certificate does not verify`)
  expect(valid()).toContain(first)
  expect(await undo(prepared, states, runOf(systems))).toEqual([])
  expect([current(), secret()]).toEqual([first, first])
  expect(['new.key', 'new.csr', 'old.crt', 'old.key'].filter((name) => existsSync(file(name)))).toEqual([])
  expect(await health()).toBe(200)
})

/** A clock on which waiting takes no time: what does not come to hold is given up at once. */
const soon = (): Clock => {
  let passed = 0
  return {
    now: () => new Date(Date.now() + passed),
    sleep: async (ms) => {
      passed += ms * 20
      await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

test('a node that never reloads is named, and the run goes on from there once it does', async () => {
  oneHost()
  const systems = opened()
  sandbox().edge.traefik('hetzner3').fail('stale')
  const { trouble } = await perform(await prepare(rotate, input, systems, context()), runOf(systems, soon()))
  expect(trouble).toMatchObject({ exitCode: 5 })
  expect(trouble?.failed).toMatch(/hetzner3 still serves [0-9A-F:]+ for api.myhoneydue.com/)
  expect(trouble?.failed).not.toContain('hetzner1')
  expect(valid()).toHaveLength(2)
  sandbox().edge.traefik('hetzner3').fail(undefined)
  const again = await perform(await prepare(rotate, input, systems, context()), runOf(systems))
  expect(again.trouble).toBeUndefined()
  expect(again.states.slice(0, 4)).toEqual(['already', 'already', 'already', 'already'])
  expect(valid()).toEqual([secret()])
})

test('a token that may read but not write: known only by trying, and nothing but the kept key is there afterwards', async () => {
  oneHost()
  const { state } = sandbox().cloudflare
  const reader = state.tokens.get(planted.cloudflareReadToken)
  if (reader) state.tokens.set(planted.cloudflareToken, reader)
  const systems = opened()
  const prepared = await prepare(rotate, input, systems, context())
  expect(prepared.plan.blocked).toEqual([])
  expect(prepared.plan.uncheckable.join('\n')).toContain('whether the token may write is known only by trying')
  const { trouble, states } = await perform(prepared, runOf(systems))
  expect(trouble?.exitCode).toBe(4)
  expect(states.slice(0, 3)).toEqual(['done', 'half', 'untouched'])
  expect(valid()).toHaveLength(1)
  expect(secret()).toBe(current())
})

test('Cloudflare down: before, nothing begins; when its answer to the signing is lost, it is found again and not signed twice', async () => {
  oneHost()
  const systems = opened()
  const end = sandbox().cloudflare.fail({ answer: 'reset' })
  await expect(prepare(rotate, input, systems, context())).rejects.toMatchObject({ exitCode: 9 })
  end()
  sandbox().cloudflare.fail({ match: ({ method }) => method === 'POST', times: 1, answer: 'reset', after: true })
  const prepared = await prepare(rotate, { ...input, 'keep-old': true }, systems, context())
  const { trouble } = await perform(prepared, runOf(systems))
  expect(trouble?.exitCode).toBe(4)
  expect(valid()).toHaveLength(2)
  const again = await perform(await prepare(rotate, { ...input, 'keep-old': true }, systems, context()), runOf(systems))
  expect(again.trouble).toBeUndefined()
  expect(valid()).toHaveLength(2)
  expect(secret()).toBe(current())
})

test('a Secret changed by another between plan and apply is a moved world', async () => {
  oneHost()
  const systems = opened()
  const prepared = await prepare(rotate, input, systems, context())
  sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace, (draft) => {
    draft.metadata.labels = { changed: 'meanwhile' }
  })
  const { trouble } = await perform(prepared, runOf(systems))
  expect(trouble?.exitCode).toBe(8)
  expect(valid()).toHaveLength(2)
})
