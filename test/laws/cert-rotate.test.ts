import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { putPair } from '../../src/lib/drills/breaks.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { rotate } from '../../src/lib/procedures/cert/rotate.ts'
import type { Identity } from '../../src/lib/sandbox/certificates.ts'
import { namespace, nodes, zoneName } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { issue } from '../../src/lib/sandbox/edge/api/certificates.ts'
import { requestFor } from '../../src/lib/sandbox/edge/csr.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { laws } from './laws.ts'

// Each look at the nodes is a handshake a name and node, by openssl over SSH.
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
const ingresses = { group: 'networking.k8s.io', resource: 'ingresses' }
const input = { validity: '90', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const file = (name: string) => join(sandbox.dir, 'checkout/deploy-k3s/secrets', `cloudflare-origin.${name}`)
const origin = { commonName: 'CloudFlare Origin Certificate', names: [`*.${zoneName}`, zoneName] }

const put = (pair: Identity) => putPair(sandbox, pair)

/** A certificate of the Origin CA for a week, signed some days ago. */
const signed = (daysAgo: number) => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { listed } = issue(sandbox.originCa.authority, {
    csr: requestFor(zoneName, pair),
    hostnames: origin.names,
    validity: 7,
    publicKey: pair.publicKey,
    now: new Date(Date.now() - daysAgo * 86_400_000),
  })
  return { listed, certificate: listed.certificate ?? '', key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
type Signed = ReturnType<typeof signed>

/** The first of these is in the checkout, in the Secret and on every node, as if the deployment had begun with it; the account lists all. */
const inUse = async (...[one, ...others]: readonly [Signed, ...Signed[]]) => {
  writeFileSync(file('crt'), one.certificate)
  writeFileSync(file('key'), one.key)
  put(one)
  sandbox.cloudflare.state.certificates = [one, ...others].map(({ listed }) => ({ listed }))
  for (const { alias } of nodes) sandbox.edge.traefik(alias).reset()
}

/** Which certificate is where, by its part in the rotation; keys and serial numbers are new every time. */
const observe = () => {
  const { first } = sandbox.originCa
  const secret = sandbox.kubernetes.client.get(secrets, 'cloudflare-origin-cert', namespace)
  const data = (secret?.data ?? {}) as Record<string, string>
  const live = Buffer.from(data['tls.crt'] ?? '', 'base64').toString()
  const current = readFileSync(file('crt'), 'utf8')
  const part = (pem: string) => (pem === first.certificate ? 'first' : pem === current ? 'the new one' : pem === '' ? 'none' : 'another')
  const days = (pem: string) =>
    Math.round((Date.parse(new X509Certificate(pem).validTo) - Date.parse(new X509Certificate(pem).validFrom)) / 86_400_000)
  return {
    files: ['crt', 'key', 'new.key', 'new.csr', 'old.crt', 'old.key'].map((name) =>
      existsSync(file(name)) ? `${name} ${(statSync(file(name)).mode & 0o777).toString(8)}` : '',
    ),
    current: [part(current), days(current)],
    old: existsSync(file('old.crt')) && part(readFileSync(file('old.crt'), 'utf8')),
    secret: part(live),
    rotated: secret?.metadata.annotations?.['honeydue.dev/last-rotated'] !== undefined,
    listed: sandbox.cloudflare.state.certificates
      .map(({ listed, revokedAt }) => [part(listed.certificate ?? ''), revokedAt !== undefined])
      .filter(([, revoked]) => !revoked),
  }
}

/** One public name is enough for the laws. */
const arranged =
  (more: () => void | Promise<void> = () => {}) =>
  async () => {
    for (const name of ['admin', 'web']) sandbox.kubernetes.client.delete(ingresses, name, namespace)
    await more()
  }

const already = async () => {
  const prepared = await prepare(rotate, input, systems, contextOf(sandbox.environment))
  const { trouble } = await perform(prepared, runOf(systems, rotate.needs))
  if (trouble) throw trouble
}

laws(
  rotate,
  {
    systems: () => systems,
    environment: () => sandbox.environment,
    observe,
    reset: () => sandbox.reset(),
    planted: [...plantedValues, 'PRIVATE KEY'],
  },
  [
    { name: 'healthy, the old one revoked', input, arrange: arranged(), meets: 'work' },
    { name: 'healthy, the old one kept', input: { ...input, 'keep-old': true }, arrange: arranged(), meets: 'work' },
    { name: 'rotated already', input, arrange: arranged(already), meets: 'nothing to do' },
    {
      name: 'expired: the edge answers 526 already',
      input: { ...input, 'keep-old': true },
      arrange: arranged(() => inUse(signed(30))),
      meets: 'work',
    },
    {
      name: 'nearly expired, and listed twice with the same names',
      input,
      arrange: arranged(() => inUse(signed(6), signed(6))),
      meets: 'work',
    },
    {
      name: 'a key in the Secret that is not its own',
      input: { ...input, 'keep-old': true },
      arrange: arranged(() => void put({ ...sandbox.originCa.first, key: sandbox.originCa.authority.issue(origin).key })),
      meets: 'work',
    },
    {
      name: 'a third certificate in the Secret',
      input,
      arrange: arranged(() => void put(sandbox.originCa.authority.issue(origin))),
      refused: /the Secret holds a third certificate/,
    },
    {
      name: 'a certificate for other names',
      input,
      arrange: arranged(() => {
        const other = sandbox.originCa.authority.issue({ ...origin, names: ['www.myhoneydue.com'], notBefore: new Date('2026-05-01') })
        writeFileSync(file('crt'), other.certificate)
        writeFileSync(file('key'), other.key)
        put(other)
      }),
      refused: /the old certificate is not for api\.myhoneydue\.com/,
    },
    {
      name: 'a node that cannot be asked',
      input,
      arrange: arranged(() => sandbox.nodes.setUp('hetzner2', false)),
      refused: /hetzner2 cannot be asked what it serves/,
    },
    {
      name: 'the Secret named in two namespaces',
      input,
      arrange: arranged(() => {
        const spec = { tls: [{ hosts: ['api.myhoneydue.com'], secretName: 'cloudflare-origin-cert' }], rules: [] }
        const metadata = { name: 'api', namespace: 'default' }
        sandbox.kubernetes.client.create({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec })
      }),
      refused: /cloudflare-origin-cert is named in default and honeydue/,
    },
  ],
)
