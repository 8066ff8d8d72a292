import { X509Certificate } from 'node:crypto'
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { apr1 } from '../../src/lib/apr1.ts'
import { ageK3s, ageKubeconfig, anotherJoins, evictedPods, idsOf, kubeconfigOf, putPair, strandLock } from '../../src/lib/drills/breaks.ts'
import { lastApplied } from '../../src/lib/notes.ts'
import { confinedServers, keptServers } from '../../src/lib/postgres-server/servers.ts'
import { apns, hosts, image, namespace, nodes, storage } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { everyScope, newToken } from '../../src/lib/sandbox/edge/api/access.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import { pendingUpdates } from '../../src/lib/sandbox/nodes/apt-state.ts'
import { addImages, imagesOfBefore, setDisk, snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { fingerprintOf } from '../../src/lib/systems/nodes/authorized-keys.ts'
import { eventually } from './eventually.ts'
import { unlessFollowing } from './following.ts'
import { migrationWorlds } from './migration-worlds.ts'
import { release } from './migrations.ts'
import { lostToken, newTokenUnnoticed } from './token-worlds.ts'
import { runK3s } from './upgraded.ts'

/** One test file's PostgreSQL serves the next file of the same worker. */
const postgresServers = keptServers()

/** The same for what migrations are tried on; each attempt clears it. */
export const scratchServers = keptServers(confinedServers, async () => {})

/** Pods start and end in a fifth of the time, and nodes boot in a thirtieth, that the sandbox gives them for people to watch. */
const quick = { ready: 100, terminate: 60, bootMs: 300, k3sMs: 100 }

/**
 * One sandbox for a test file, brought back to its start after each test: `const sandbox = useSandbox()`, then `sandbox()` in the tests.
 * Its api pods open two connections, not the twenty of production: every reset opens them anew, which cost most of its time.
 */
export function useSandbox(options: SandboxOptions = {}): () => Sandbox {
  let running: Sandbox | undefined
  beforeAll(async () => {
    running = await startSandbox({ warmupPings: 2, postgresServers, ...options, speed: { ...quick, ...options.speed } })
  })
  afterEach(unlessFollowing(() => running?.reset()))
  afterAll(() => running?.stop())
  return () => {
    if (!running) throw new Error('the sandbox runs only inside tests')
    return running
  }
}

export { eventually }

/** Values that only exist once the state does, by the names that the runbook's pages give them. */
type Values = Readonly<Record<string, string>>

/** Makes one state of the world out of a sandbox as it starts. */
// biome-ignore lint/suspicious/noConfusingVoidType: most worlds have nothing to tell
export type World = (sandbox: Sandbox) => void | Values | Promise<void | Values>

const setHost = (sandbox: Sandbox, host: string) =>
  sandbox.kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), DB_HOST: host }
  })

/** What an AutoMigrate start through the pooler left when its pod was killed: the lock stays with the server connection. */
const strandedLock = async (sandbox: Sandbox): Promise<Values> => {
  await strandLock(sandbox)
  const [holder] = await sandbox.postgres.query(
    "SELECT pid::text, backend_start::text FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'",
  )
  return { PID: String(holder?.pid), BACKEND_START: String(holder?.backend_start), LOCK: '4711' }
}

/** A machine that nobody hears from any more, as the cluster has it after 40 s: its node's conditions Unknown, its pods not ready. */
export const machineGone = async ({ nodes: { setUp }, kubernetes: { client } }: Sandbox, index: 0 | 1 | 2): Promise<void> => {
  const { alias, hostname } = nodes[index]
  await setUp(alias, false)
  type Status = { conditions?: readonly { readonly type: string; readonly status: string }[] }
  const set = (object: KubeObject, change: (one: { type: string; status: string }) => object) => {
    const status = object['status'] as Status
    object['status'] = { ...status, conditions: status.conditions?.map((one) => ({ ...one, ...change(one) })) }
  }
  const unknown = { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
  client.update({ group: '', resource: 'nodes' }, hostname, undefined, (draft) => set(draft, () => unknown), { subresource: 'status' })
  const pods = { group: '', resource: 'pods' }
  for (const { metadata, spec } of client.list(pods))
    if ((spec as { nodeName?: string }).nodeName === hostname)
      client.update(
        pods,
        metadata.name,
        metadata.namespace,
        (draft) => set(draft, ({ type }) => (type === 'Ready' ? { status: 'False' } : {})),
        { subresource: 'status' },
      )
}

/** hetzner2 is gone for good, and another machine joins in its place once the cluster has let go of it. */
const machineReplaced = async (sandbox: Sandbox): Promise<Values> => {
  const { client } = sandbox.kubernetes
  const [{ hostname: keeper }, { alias, hostname }] = nodes
  await machineGone(sandbox, 1)
  anotherJoins(sandbox, alias)
  const [node, other] = [hostname, keeper].map((name) => client.get({ group: '', resource: 'nodes' }, name))
  return { UID: node?.metadata.uid ?? '', KEEPER: other?.metadata.name ?? '' }
}

/** The machine of Redis is gone, and the worker is not on it: the cluster would take five minutes to replace that. */
const redisGone = async (sandbox: Sandbox): Promise<Values> => {
  const { client } = sandbox.kubernetes
  const [{ hostname }] = nodes
  const taking = (unschedulable: boolean) =>
    client.update({ group: '', resource: 'nodes' }, hostname, undefined, (draft) => {
      draft['spec'] = { ...(draft['spec'] as object), unschedulable }
    })
  const workers = () => client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'worker' } })
  const isHere = ({ spec }: KubeObject) => (spec as { nodeName?: string }).nodeName === hostname
  if (workers().some(isHere)) {
    taking(true)
    for (const { metadata } of workers().filter(isHere)) client.delete({ group: '', resource: 'pods' }, metadata.name, namespace)
    await eventually(async () => {
      const [one, ...more] = workers()
      return one !== undefined && more.length === 0 && !isHere(one) && (one['status'] as { phase?: string }).phase === 'Running'
    })
    taking(false)
  }
  await machineGone(sandbox, 0)
  const [pod] = client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'redis' } })
  return { POD: pod?.metadata.name ?? '', POD_UID: pod?.metadata.uid ?? '' }
}

/** The certificate that the deployment began with, by the names that the runbook's pages give its parts. */
const firstCertificate = ({ originCa }: Sandbox): Values => {
  const { fingerprint256, serialNumber } = new X509Certificate(originCa.first.certificate)
  return {
    OLD_SHA256: fingerprint256.slice(0, 23),
    OLD_ID: BigInt(`0x${serialNumber}`).toString(),
    TODAY: new Date().toISOString().slice(0, 10),
  }
}

/** The Secret holds one that ended long ago, the checkout the good one that the deployment began with. */
const expiredInSecret = (sandbox: Sandbox): Values => {
  const old = sandbox.originCa.authority.issue({
    commonName: 'CloudFlare Origin Certificate',
    names: ['*.myhoneydue.com', 'myhoneydue.com'],
    notBefore: new Date('2026-01-01'),
    days: 7,
  })
  putPair(sandbox, old)
  const short = (pem: string) => new X509Certificate(pem).fingerprint256.slice(0, 23)
  return { SECRET_SHA256: short(old.certificate), CHECKOUT_SHA256: short(sandbox.originCa.first.certificate) }
}

const inFile = ({ dir }: Sandbox, name: string, value: string): string => {
  const path = join(dir, name)
  writeFileSync(path, `${value}\n`, { mode: 0o600 })
  return path
}

/** Somebody made a second password at the mail server, which lets both in, and put it into a file: its path. */
export const secondMailPassword = (sandbox: Sandbox): string => {
  sandbox.mail.beside.add(planted.nextEmailPassword)
  return inFile(sandbox, 'new-mail-password', planted.nextEmailPassword)
}

/** The same of a token at the registry. */
export const secondRegistryToken = (sandbox: Sandbox): string => {
  sandbox.registry.passwords.add(planted.nextRegistryPassword)
  return inFile(sandbox, 'new-token', planted.nextRegistryPassword)
}

/** The same of a token that metrics are pushed with. */
export const secondIngestToken = (sandbox: Sandbox): string => {
  sandbox.observability.beside.add(planted.nextIngestToken)
  return inFile(sandbox, 'new-ingest-token', planted.nextIngestToken)
}

/** Apple has made a second key, and the first is in use still. */
export const secondApnsKey = (sandbox: Sandbox): string => {
  sandbox.apns.keys.set(apns.nextKeyId, planted.nextApnsKey)
  return inFile(sandbox, `AuthKey_${apns.nextKeyId}.p8`, planted.nextApnsKey)
}

/** The same of a key for messages to Android, of which nobody can be asked. */
export const secondFcmKey = (sandbox: Sandbox): string => inFile(sandbox, 'new-fcm-key', planted.nextFcmServerKey)

/** Where the application has its key of the storage, in worlds that have it: beside a key that its pods mount whole, so that no template changes. */
export const storageNames = { secret: 'honeydue-apns-key', idKey: 'SANDBOX_STORAGE_ID', keyKey: 'SANDBOX_STORAGE_KEY' } as const

/** Backblaze has made a second key of the storage, and the first is in use still. */
export const secondStorageKey = (sandbox: Sandbox): string => {
  const { kubernetes, environment } = sandbox
  const first = { [storageNames.idKey]: storage.id, [storageNames.keyKey]: planted.storageKey }
  kubernetes.client.update({ group: '', resource: 'secrets' }, storageNames.secret, namespace, (draft) => {
    const encoded = Object.entries(first).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
    draft['data'] = { ...(draft['data'] as object), ...Object.fromEntries(encoded) }
  })
  const lines = Object.entries(first).map(([name, value]) => `${name}=${value}\n`)
  appendFileSync(join(environment.checkout, 'deploy/prod.env'), lines.join(''))
  sandbox.storage.beside.set(storage.nextId, planted.nextStorageKey)
  return inFile(sandbox, 'new-storage-key', `${storage.nextId}:${planted.nextStorageKey}`)
}

/** Traefik asks for a login before the admin panel, as it does since c77ff07. */
export const withLogin = ({ kubernetes: { client }, edge }: Sandbox): void => {
  const line = `${adminUser}:${apr1(planted.adminPassword, 'sandbox0')}\n`
  client.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'admin-basic-auth', namespace },
    type: 'Opaque',
    data: { users: Buffer.from(line).toString('base64') },
  })
  client.update({ group: 'networking.k8s.io', resource: 'ingresses' }, 'admin', namespace, (draft) => {
    const name = 'traefik.ingress.kubernetes.io/router.middlewares'
    const annotations = draft.metadata.annotations ?? {}
    draft.metadata.annotations = { ...annotations, [name]: `${annotations[name]},${namespace}-admin-auth@kubernetescrd` }
  })
  // Read at once, and not after the two seconds of its provider.
  for (const { alias } of nodes) edge.traefik(alias).fail(undefined)
}
export const adminUser = 'operator'

/** The same, and a new password for it in a file. */
export const secondLogin = (sandbox: Sandbox): string => {
  withLogin(sandbox)
  return inFile(sandbox, 'new-admin-password', planted.nextAdminPassword)
}

/** Where config.yaml has it, in worlds where that is known. */
export const adminKey = 'sandbox_admin.password'
export const secondLoginKept = (sandbox: Sandbox): string => {
  appendFileSync(join(sandbox.environment.checkout, 'deploy-k3s/config.yaml'), `sandbox_admin:\n  password: ${planted.adminPassword}\n`)
  return secondLogin(sandbox)
}

/** What the environment says of the storage, in worlds where it says more than the sandbox's. */
export const storageIn: Readonly<Record<string, typeof storageNames>> = { 'a second key of the storage, in a file': storageNames }

/** Somebody has made a second token at Cloudflare, which may do this, and the first is in use still. */
export const secondCloudflareToken = (sandbox: Sandbox, scopes = everyScope): string => {
  sandbox.cloudflare.state.tokens.set(planted.nextCloudflareToken, newToken(scopes))
  return inFile(sandbox, 'new-cloudflare-token', planted.nextCloudflareToken)
}

/** Somebody changed two sources, of which one can be tried; and `kubectl apply` has left what it applied, a key that is gone too. */
export const changedSources = (sandbox: Sandbox): void => {
  const { kubernetes, environment, mail } = sandbox
  mail.beside.add(planted.nextEmailPassword)
  const source = (name: string, value: string) =>
    writeFileSync(join(environment.checkout, 'deploy-k3s/secrets', name), value, { mode: 0o600 })
  source('email_host_password.txt', planted.nextEmailPassword)
  source('fcm_server_key.txt', planted.nextFcmServerKey)
  kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    const data = { SECRET_KEY: Buffer.from(planted.secretKey).toString('base64'), GONE: Buffer.from('x').toString('base64') }
    draft.metadata.annotations = { ...draft.metadata.annotations, [lastApplied]: JSON.stringify({ data }) }
  })
}

/** The newest that k3s has made on hetzner1, by the names that the runbook's pages give its parts. */
export const lastSnapshot = ({ dir }: Sandbox): { readonly SNAPSHOT: string; readonly AT: string } => {
  const SNAPSHOT =
    readdirSync(join(dir, 'nodes/hetzner1/root', snapshotFolder))
      .sort()
      .at(-1) ?? ''
  const at = new Date(Number(SNAPSHOT.slice(-10)) * 1000)
  return { SNAPSHOT, AT: `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC` }
}

/** What months leave on a disk, by the names that the runbook's pages give it. */
const litter = ({ nodes: { node } }: Sandbox): Values => {
  const { hostname, state, put } = node('hetzner2')
  setDisk(state, { journal: 4_100_000, packages: 640_000 })
  addImages(state, imagesOfBefore)
  // Of midnight: the same names for all that a test makes of it.
  const at = (days: number) => (Math.floor(Date.now() / 86_400_000) - days) * 86_400
  const [old, last] = [`on-demand-${hostname}-${at(70)}`, `on-demand-${hostname}-${at(40)}`]
  for (const name of [old, last, `before-upgrade-${hostname}-${at(90)}`]) put(`${snapshotFolder}/${name}`, '45056\n')
  return { OLD_SNAPSHOT: old }
}

/** Named states; add one beside the others rather than building it inside a test. */
export const worlds = {
  ...migrationWorlds,
  healthy: () => {},
  'a bucket without lifecycle rules': ({ storage }) => {
    storage.rules = []
  },
  'a rollout of web that was paused': ({ kubernetes }) =>
    void kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'web', namespace, (draft) => {
      draft.spec = { ...(draft.spec as object), paused: true }
    }),
  'an image that is built and pushed': async (sandbox) => {
    await release(sandbox, 'cccc001', {})
    return { TAG: 'cccc001' }
  },
  'a commit that runs, and the one before it': async (sandbox) => {
    await release(sandbox, 'cccc001', {})
    const { client } = sandbox.kubernetes
    for (const name of ['api', 'worker', 'web', 'admin'])
      client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => {
        const { template } = draft.spec as { readonly template: { readonly spec: { readonly containers: { image: string }[] } } }
        for (const container of template.spec.containers) container.image = image(name, 'cccc001')
      })
    const isNew = ({ metadata, spec }: KubeObject) =>
      ['redis', 'vmagent'].includes(metadata.labels?.['app.kubernetes.io/name'] ?? '') || JSON.stringify(spec).includes('cccc001')
    await eventually(async () => client.list({ group: '', resource: 'pods' }, { namespace }).every(isNew))
    return { TAG: '12b2f9d' }
  },
  /** A switch to the direct endpoint that stopped after its first write: the ConfigMap names it, no pod has started with it. */
  'switched in the ConfigMap only': (sandbox) => void setHost(sandbox, hosts.direct),
  'pooler down': ({ postgres }) => postgres.behave('pooler', { answer: 'silence' }),
  'direct endpoint down': ({ postgres }) => postgres.behave('direct', { answer: 'reset' }),
  'a lock stranded in the pooler': strandedLock,
  'the first certificate still in use': firstCertificate,
  'an expired certificate in the Secret': expiredInSecret,
  'a second mail password, in a file': (sandbox) => ({ FILE: secondMailPassword(sandbox) }),
  'a second token of the registry, in a file': (sandbox) => ({ FILE: secondRegistryToken(sandbox) }),
  'a second token for metrics, in a file': (sandbox) => ({ FILE: secondIngestToken(sandbox) }),
  'a token for metrics that the Secret lost': (sandbox) => lostToken(sandbox),
  'a new token for metrics that no pod began with': newTokenUnnoticed,
  'a store that takes only a second token, in a file': (sandbox) => {
    const FILE = secondIngestToken(sandbox)
    sandbox.observability.token = planted.nextIngestToken
    return { FILE }
  },
  'a second key of Apple, in a file': (sandbox) => ({ FILE: secondApnsKey(sandbox), OLD_ID: apns.keyId, NEW_ID: apns.nextKeyId }),
  'a second key for Android, in a file': (sandbox) => ({ FILE: secondFcmKey(sandbox) }),
  'a second token of Cloudflare, in a file': (sandbox) => ({
    FILE: secondCloudflareToken(sandbox),
    TOKEN_FILE: join(sandbox.dir, 'cloudflare-token'),
  }),
  'a new password of the admin panel, in a file': (sandbox) => ({ FILE: secondLogin(sandbox) }),
  'a second key of the storage, in a file': (sandbox) => ({
    FILE: secondStorageKey(sandbox),
    OLD_KEY_ID: storage.id,
    NEW_KEY_ID: storage.nextId,
  }),
  'two sources that were changed': changedSources,
  'a job that failed for good': ({ redis }): Values => {
    const archived = redis.store.get('asynq:{default}:archived')
    return { ID: archived?.type === 'zset' ? ([...archived.scores.keys()][0] ?? '') : '' }
  },
  'jobs that Redis evicted': ({ redis }) => {
    const [archived] = idsOf(redis, 'archived')
    redis.store.set('asynq:{default}:unique:email:send:0', archived ?? '')
    for (const id of [archived, idsOf(redis, 'retry')[0]]) redis.store.delete(`asynq:{default}:t:${id}`)
  },
  'a queue paused by somebody': ({ redis }) => redis.store.set('asynq:{default}:paused', '1790000000'),
  'budgets that somebody edited': ({ kubernetes }) => {
    for (const name of ['api', 'web'])
      kubernetes.client.update(
        { group: 'policy', resource: 'poddisruptionbudgets' },
        name,
        namespace,
        (draft) => {
          draft.spec = { ...(draft.spec as object), minAvailable: 3 }
        },
        { manager: 'kubectl-edit' },
      )
  },
  'pods that were evicted': (sandbox) => {
    const [first = '', second = ''] = evictedPods(sandbox, 2)
    return { FIRST_UID: first, SECOND_UID: second }
  },
  'one node down': ({ nodes }) => nodes.setUp('hetzner2', false),
  'hetzner2 drained': ({ cloudflare: { state } }) => {
    state.records = state.records.filter(({ content }) => content !== nodes[1].address)
  },
  'a laptop that is lost': ({ nodes }: Sandbox): Values => {
    const [, BLOB = ''] = nodes.laptop.public.split(' ')
    return { BLOB, FINGERPRINT: fingerprintOf(BLOB), KEY_FILE: nodes.laptop.file }
  },
  'a kubeconfig that ends soon': (sandbox): Values => {
    const { file, server, ends } = kubeconfigOf(sandbox)
    const dayOf = (end: Date) => end.toISOString().slice(0, 10)
    const soon = new Date(new X509Certificate(ageKubeconfig(sandbox, 355)).validTo)
    return { FILE: file, SERVER: server, CONTEXT: 'honeydue-sandbox', SOON: dayOf(soon), UNTIL: dayOf(ends) }
  },
  "k3s' certificates end soon": (sandbox): Values => {
    ageK3s(sandbox, 20)
    return { SOON: new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10) }
  },
  'a snapshot of hetzner1': (sandbox): Values => lastSnapshot(sandbox),
  'two servers away, and the quorum with them': async (sandbox): Promise<Values> => {
    for (const alias of ['hetzner2', 'hetzner3']) await sandbox.nodes.setUp(alias, false)
    return lastSnapshot(sandbox)
  },
  'hetzner2 full of litter': litter,
  'hetzner2 cordoned': ({ kubernetes }) =>
    void kubernetes.client.update({ group: '', resource: 'nodes' }, nodes[1].hostname, undefined, (draft) => {
      draft.spec = { ...(draft.spec as object), unschedulable: true }
    }),
  'updates pending on hetzner2': (sandbox) => pendingUpdates(sandbox.nodes.node(nodes[1].alias).state),
  'one server left at the release of before': async (sandbox) => {
    for (const alias of ['hetzner1', 'hetzner3']) await runK3s(sandbox, alias, 'v1.34.7+k3s1')
  },
  'the machine of Redis gone': redisGone,
  'hetzner2 gone for good': machineReplaced,
  'one range new and one gone': ({ cloudflare: { state } }) => {
    const { ipv4, ipv6 } = state.ranges
    state.ranges = { ipv4: ['198.51.100.0/24', ...ipv4.slice(1)], ipv6 }
  },
  'api server forbids': ({ kubernetes }) => void kubernetes.fail({ answer: { status: 403, reason: 'Forbidden', message: 'forbidden' } }),
} as const satisfies Readonly<Record<string, World>>
