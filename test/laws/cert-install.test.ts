import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { putPair } from '../../src/lib/drills/breaks.ts'
import { install } from '../../src/lib/procedures/cert/install.ts'
import { createAuthority, type Identity } from '../../src/lib/sandbox/certificates.ts'
import { namespace, zoneName } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { issue } from '../../src/lib/sandbox/edge/api/certificates.ts'
import { requestFor } from '../../src/lib/sandbox/edge/csr.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { laws } from './laws.ts'

vi.setConfig({ testTimeout: 600_000 })

let sandbox: Sandbox
let systems: ReturnType<typeof openSystems>
beforeAll(async () => {
  sandbox = await startSandbox({ speed: { reloadMs: 5, keepAliveMs: 0 } })
  systems = openSystems(sandbox.environment, systemClock, new AbortController().signal)
})
afterAll(async () => {
  await systems.close()
  await sandbox.stop()
})

const secrets = { group: '', resource: 'secrets' }
const file = (name: string) => join(sandbox.dir, 'checkout/deploy-k3s/secrets', `cloudflare-origin.${name}`)

const put = (pair: Identity) => putPair(sandbox, pair)
const keep = ({ certificate, key }: Identity) => {
  writeFileSync(file('crt'), certificate)
  writeFileSync(file('key'), key)
}

/** A certificate of the Origin CA for a week, signed some days ago, which the account lists. */
const signed = (daysAgo: number, hostnames: readonly string[] = [`*.${zoneName}`, zoneName]): Identity => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { listed } = issue(sandbox.originCa.authority, {
    csr: requestFor(zoneName, pair),
    hostnames: [...hostnames],
    validity: 7,
    publicKey: pair.publicKey,
    now: new Date(Date.now() - daysAgo * 86_400_000),
  })
  const { state } = sandbox.cloudflare
  state.certificates = [...state.certificates, { listed }]
  return { certificate: listed.certificate ?? '', key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

const observe = () => {
  const data = (sandbox.kubernetes.client.get(secrets, 'cloudflare-origin-cert', namespace)?.data ?? {}) as Record<string, string>
  const live = Buffer.from(data['tls.crt'] ?? '', 'base64').toString()
  const current = existsSync(file('crt')) ? readFileSync(file('crt'), 'utf8') : ''
  return {
    secret: live === current ? "the checkout's" : live === '' ? 'none' : 'another',
    listed: sandbox.cloudflare.state.certificates.length,
  }
}

/** One public name is enough for the laws. */
const arranged = (more: () => void | Promise<void>) => async () => {
  for (const name of ['admin', 'web'])
    sandbox.kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, name, namespace)
  await more()
}

laws(
  install,
  {
    systems: () => systems,
    environment: () => sandbox.environment,
    observe,
    reset: () => sandbox.reset(),
    planted: [...plantedValues, 'PRIVATE KEY'],
  },
  [
    {
      name: 'another good one in the Secret, older than the checkout’s',
      input: {},
      arrange: arranged(() => keep(signed(1))),
      meets: 'work',
    },
    { name: 'in the Secret already', input: {}, arrange: arranged(() => {}), meets: 'nothing to do' },
    { name: 'expired in the Secret, a good one in the checkout', input: {}, arrange: arranged(() => void put(signed(30))), meets: 'work' },
    {
      name: 'a key in the Secret that is not its own',
      input: {},
      arrange: arranged(() => void put({ ...sandbox.originCa.first, key: signed(1).key })),
      meets: 'work',
    },
    { name: 'nothing in the Secret', input: {}, arrange: arranged(() => void put({ certificate: '', key: '' })), meets: 'work' },
    { name: 'expired in the checkout', input: {}, arrange: arranged(() => keep(signed(30))), refused: /the certificate ended on / },
    {
      name: 'the key in the checkout is another',
      input: {},
      arrange: arranged(() => {
        put(signed(30))
        writeFileSync(file('key'), signed(1).key)
      }),
      refused: /the key is not that of the certificate/,
    },
    {
      name: 'for other names in the checkout',
      input: {},
      arrange: arranged(() => keep(signed(1, ['www.myhoneydue.com']))),
      refused: /the certificate is not for api\.myhoneydue\.com/,
    },
    {
      name: 'not of the Origin CA',
      input: {},
      arrange: arranged(() => keep(createAuthority('mine').issue({ commonName: 'mine', names: [`*.${zoneName}`, zoneName] }))),
      refused: /the Origin CA has not signed the certificate: CN=mine/,
    },
    {
      name: 'revoked at Cloudflare',
      input: {},
      arrange: arranged(() => {
        keep(signed(1))
        const { state } = sandbox.cloudflare
        state.certificates = state.certificates.slice(0, -1)
      }),
      refused: /Cloudflare does not list the certificate/,
    },
    {
      name: 'a newer good one in the Secret',
      input: {},
      arrange: arranged(() => void put(signed(0))),
      refused: /the Secret holds a newer certificate/,
    },
    {
      name: 'a rotation under way',
      input: {},
      arrange: arranged(() => {
        put(signed(30))
        writeFileSync(file('new.csr'), 'x')
      }),
      refused: /a rotation is under way .*honeydue cert:rotate goes on/,
    },
    {
      name: 'a node that cannot be asked, beside two that can',
      input: {},
      arrange: arranged(async () => {
        put(signed(30))
        await sandbox.nodes.setUp('hetzner2', false)
      }),
      meets: 'work',
    },
  ],
)
