import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import type { RotatedName } from '../../src/lib/facts/secrets/rotated-names.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { apns, namespace, nodes, storage } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { migrationWorlds, nextImage, observeMigrations } from '../support/migration-worlds.ts'
import { adminBasicAuth, cloudflareApiToken, storageKey, syncedSecrets } from '../support/rotation.ts'
import { lostToken } from '../support/token-worlds.ts'
import {
  adminKey,
  changedSources,
  lastSnapshot,
  secondApnsKey,
  secondCloudflareToken,
  secondFcmKey,
  secondIngestToken,
  secondLoginKept,
  secondMailPassword,
  secondRegistryToken,
  secondStorageKey,
  storageNames,
  worlds,
} from '../support/worlds.ts'
import type { System } from './wired.ts'

export type ProcedureId = keyof typeof procedures
export const everyProcedure = Object.keys(procedures) as readonly ProcedureId[]

/** One procedure in a world where it has work to do: what every class of the lane attacks. */
export interface Attacked {
  /** What is typed, without what confirms it. */
  readonly words: readonly string[]
  /** Brings the sandbox into this world, from its start; what is returned is typed behind the words. */
  readonly arrange?: (sandbox: Sandbox) => void | Promise<void | readonly string[]>
  /** The systems it is carried out over, by their wires; Redis and the pods' ports are reached through Kubernetes. */
  readonly systems: readonly System[]
  /** What its environment says beside the lane's. */
  readonly settings?: object
  /** What it acted on is gone, so that a second run is refused instead of finding all done. */
  readonly gone?: true
}

const secondNode = nodes[1]
const deployments = { group: 'apps', resource: 'deployments' }
const originSecret = ['cloudflare-origin-cert', namespace] as const

/** One public name is enough: each more is a handshake with every node. */
const oneIngress = ({ kubernetes }: Sandbox): void => {
  for (const name of ['admin', 'web']) kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, name, namespace)
}

/** A session that holds a lock and is nobody's any more; its pid. */
const stranded = async ({ postgres }: Sandbox): Promise<readonly string[]> => {
  const { port, user, database, password, ca, poolerHost, query } = postgres
  const client = new Client({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: poolerHost } })
  await client.connect()
  await client.query('SELECT pg_advisory_lock(4711)')
  await client.end()
  const [holder] = await query("SELECT pid::text FROM pg_locks WHERE locktype = 'advisory'")
  return ['--pid', String(holder?.['pid'])]
}

export const attacked: Readonly<Record<ProcedureId, Attacked>> = {
  'access:revoke': { words: ['operator@laptop'], systems: ['kubernetes', 'ssh'] },
  'cache:invalidate': { words: ['--user', '1', '--user', '2', '--user', '3'], systems: ['kubernetes'] },
  'cache:policy': { words: ['--to', 'volatile-lru'], systems: ['kubernetes'] },
  'cert:install': {
    words: [],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: (sandbox) => {
      oneIngress(sandbox)
      sandbox.kubernetes.client.update({ group: '', resource: 'secrets' }, ...originSecret, (draft) => {
        draft.data = { 'tls.crt': '', 'tls.key': '' }
      })
    },
  },
  'cert:rotate': {
    words: ['--validity', '90', '--soak', '0s'],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: oneIngress,
  },
  'cluster:tidy': { words: [], systems: ['kubernetes'], arrange: (sandbox) => void worlds['pods that were evicted'](sandbox) },
  'cluster:upgrade': {
    words: ['--to', 'v1.34.7+k3s1', '--within', '30s'],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: (sandbox) => worlds['one server left at the release of before'](sandbox),
  },
  'config:apply': { words: ['rbac.yaml'], systems: ['kubernetes'] },
  'config:set': { words: ['OTEL_TRACES_SAMPLER_ARG=0.2'], systems: ['kubernetes', 'edge'] },
  'db:bootstrap-goose': {
    words: ['--image', nextImage],
    systems: ['kubernetes', 'postgres', 'registry'],
    arrange: migrationWorlds['a table without versions'],
  },
  'db:migrate': {
    words: ['--image', nextImage],
    systems: ['kubernetes', 'postgres', 'registry'],
    arrange: migrationWorlds['two files pending'],
  },
  'db:recover-migration': {
    words: ['--image', nextImage],
    systems: ['kubernetes', 'postgres', 'registry'],
    arrange: migrationWorlds['a Job killed without a transaction, after its statement'],
  },
  'db:restore-point': { words: [], systems: ['kubernetes', 'postgres', 'neon'] },
  'db:switch-host': { words: ['--to', 'direct'], systems: ['kubernetes', 'postgres', 'edge'] },
  'db:unlock': { words: [], systems: ['kubernetes', 'postgres'], arrange: stranded, gone: true },
  'deploy:image': {
    words: ['--tag', 'cccc001', '--only', 'admin'],
    systems: ['kubernetes', 'registry', 'edge'],
    arrange: async (sandbox) => void (await worlds['an image that is built and pushed'](sandbox)),
  },
  'deploy:pause': { words: ['api'], systems: ['kubernetes'] },
  'deploy:restart': { words: ['admin'], systems: ['kubernetes'] },
  'deploy:resume': { words: ['web'], systems: ['kubernetes'], arrange: worlds['a rollout of web that was paused'] },
  'deploy:rollback': {
    words: ['admin', '--to', '12b2f9d'],
    systems: ['kubernetes', 'registry', 'edge'],
    arrange: async (sandbox) => void (await worlds['a commit that runs, and the one before it'](sandbox)),
  },
  'deploy:scale': { words: ['api', '--replicas', '4'], systems: ['kubernetes', 'postgres'] },
  'edge:drain': { words: [secondNode.alias, '--within', '5s'], systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'] },
  'edge:purge': { words: ['--host', 'api.myhoneydue.com'], systems: ['kubernetes', 'cloudflare', 'edge'] },
  'edge:restore': {
    words: [secondNode.alias],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: worlds['hetzner2 drained'],
  },
  'firewall:refresh': {
    words: ['--node', secondNode.alias],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: worlds['one range new and one gone'],
  },
  'kubeconfig:renew': {
    words: [],
    systems: ['ssh', 'kubernetes'],
    arrange: (sandbox) => void worlds['a kubeconfig that ends soon'](sandbox),
  },
  'observability:fix-token': {
    words: [],
    systems: ['kubernetes', 'observability'],
    arrange: (sandbox) => lostToken(sandbox),
  },
  'secrets:sync': { words: [], systems: ['kubernetes', 'mail'], arrange: changedSources },
  'secrets:rotate': { words: ['REDIS_PASSWORD', '--soak', '0s'], systems: ['kubernetes'] },
  'queue:drop': { words: ['--type', 'email:send'], systems: ['kubernetes'] },
  'cluster:renew-certs': {
    words: ['hetzner2'],
    systems: ['kubernetes', 'ssh'],
    arrange: (sandbox) => void worlds["k3s' certificates end soon"](sandbox),
  },
  'mail:test': { words: ['--to', 'somebody@example.com'], systems: ['kubernetes', 'mail'] },
  'cluster:restore': {
    words: ['--without-lease'],
    systems: ['kubernetes', 'ssh'],
    arrange: async (sandbox) => ['--snapshot', lastSnapshot(sandbox).SNAPSHOT],
  },
  'cluster:snapshot': { words: ['--token-kept'], systems: ['kubernetes', 'ssh'] },
  'nodes:clean': {
    words: [secondNode.alias],
    systems: ['kubernetes', 'ssh'],
    arrange: (sandbox) => void worlds['hetzner2 full of litter'](sandbox),
  },
  'nodes:drain': { words: [secondNode.alias, '--within', '30s'], systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'] },
  'nodes:reboot': { words: [secondNode.alias, '--within', '30s'], systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'] },
  'nodes:replace': {
    words: [secondNode.alias, '--provisioned'],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: async (sandbox) => void (await worlds['hetzner2 gone for good'](sandbox)),
  },
  'nodes:update': {
    words: [secondNode.alias, '--within', '30s'],
    systems: ['kubernetes', 'ssh', 'cloudflare', 'edge'],
    arrange: (sandbox) => worlds['updates pending on hetzner2'](sandbox),
  },
  'nodes:uncordon': { words: [secondNode.alias], systems: ['kubernetes'], arrange: worlds['hetzner2 cordoned'] },
  'redis:recover': {
    words: ['hetzner3'],
    systems: ['kubernetes', 'ssh'],
    arrange: async (sandbox) => void (await worlds['the machine of Redis gone'](sandbox)),
  },
  'registry:prune': {
    words: ['--last', '1'],
    systems: ['kubernetes', 'registry'],
    arrange: async (sandbox) => void (await worlds['an image that is built and pushed'](sandbox)),
  },
  'storage:lifecycle': {
    words: [],
    systems: ['kubernetes', 'storage'],
    arrange: ({ storage }) => {
      storage.rules = [{ prefix: 'uploads/', hide: 30, remove: 1 }]
    },
  },
  'queue:pause': { words: ['default'], systems: ['kubernetes'] },
  'queue:retry': { words: ['--type', 'email:send'], systems: ['kubernetes'] },
  'queue:resume': { words: ['default'], systems: ['kubernetes'], arrange: worlds['a queue paused by somebody'] },
}

/** What somebody typed who has made a second value and revoked the first one: nobody is there to be asked. */
const given = (make: (sandbox: Sandbox) => string, revoke: (sandbox: Sandbox) => unknown) => async (sandbox: Sandbox) => {
  const file = make(sandbox)
  revoke(sandbox)
  return ['--from', file]
}

/** Other kinds of what one procedure does, each with systems of its own: disturbed as well. */
const kinds = {
  'secrets:rotate POSTGRES_PASSWORD': { words: ['--soak', '0s'], systems: ['kubernetes', 'postgres'] },
  'secrets:rotate SECRET_KEY': { words: ['--soak', '0s'], systems: ['kubernetes'] },
  'secrets:rotate EMAIL_HOST_PASSWORD': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'mail'],
    arrange: given(secondMailPassword, ({ mail }) => {
      mail.password = planted.nextEmailPassword
    }),
  },
  'secrets:rotate REGISTRY_PASSWORD': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'registry'],
    arrange: given(secondRegistryToken, ({ registry }) => registry.passwords.delete(planted.registryPassword)),
  },
  'secrets:rotate apns_auth_key.p8': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'apns'],
    arrange: given(secondApnsKey, (sandbox) => sandbox.apns.keys.delete(apns.keyId)),
  },
  'secrets:rotate FCM_SERVER_KEY': { words: ['--soak', '0s'], systems: ['kubernetes'], arrange: given(secondFcmKey, () => {}) },
  'secrets:rotate OBS_INGEST_TOKEN': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'observability'],
    arrange: given(secondIngestToken, ({ observability }) => {
      observability.token = planted.nextIngestToken
    }),
  },
  'secrets:rotate STORAGE_KEY': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'storage'],
    settings: { storage: storageNames },
    arrange: given(secondStorageKey, (sandbox) => {
      Object.assign(sandbox.storage, { id: storage.nextId, key: planted.nextStorageKey })
      sandbox.storage.beside.clear()
    }),
  },
  'secrets:rotate admin-basic-auth': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'edge'],
    settings: { basicAuth: { sourceKey: adminKey } },
    arrange: given(secondLoginKept, () => {}),
  },
  'secrets:rotate CLOUDFLARE_API_TOKEN': {
    words: ['--soak', '0s'],
    systems: ['kubernetes', 'cloudflare'],
    arrange: given(secondCloudflareToken, ({ cloudflare }) => cloudflare.state.tokens.delete(planted.cloudflareToken)),
  },
} as const satisfies Readonly<Record<`secrets:rotate ${Exclude<RotatedName, 'REDIS_PASSWORD'>}`, Attacked>>

export type AttackedId = ProcedureId | keyof typeof kinds
export const everyAttacked = [...everyProcedure, ...(Object.keys(kinds) as readonly (keyof typeof kinds)[])] as readonly AttackedId[]
export const attackedOf = (id: AttackedId): Attacked => ({ ...attacked, ...kinds })[id]

/** Everything that a procedure may change, without what passes by itself or is new each time: keys, serial numbers, times, pods. */
export const worldOf = async (sandbox: Sandbox): Promise<string> => {
  const { cloudflare, kubernetes, redis, neon, mail, registry, storage, postgres, originCa, dir } = sandbox
  const { client } = kubernetes
  const inCheckout = (name: string): string => {
    const path = join(dir, 'checkout/deploy-k3s', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const file = (name: string) => inCheckout(`secrets/cloudflare-origin.${name}`)
  const secret = (client.get({ group: '', resource: 'secrets' }, ...originSecret)?.data ?? {}) as Record<string, string>
  const current = file('crt')
  // A password that was made anew is another one in each run: what counts is that it is the live one.
  const secrets = (client.get({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace)?.data ?? {}) as Record<string, string>
  const live = Buffer.from(secrets['REDIS_PASSWORD'] ?? '', 'base64').toString()
  const withoutPassword = (text: string) => (live === '' ? text : text.replaceAll(live, 'the live password'))
  const part = (pem: string) =>
    pem === '' ? 'none' : pem === originCa.first.certificate ? 'first' : pem === current ? 'the new one' : 'another'
  return JSON.stringify(
    {
      records: cloudflare.state.records.map(({ name, type, content, proxied }) => [name, type, content, proxied].join(' ')).sort(),
      purged: [...new Set(cloudflare.state.purged.map((one) => JSON.stringify(one)))].sort(),
      certificates: cloudflare.state.certificates
        .filter(({ revokedAt }) => revokedAt === undefined)
        .map(({ listed }) => part(listed.certificate ?? '')),
      pair: [
        part(current),
        ...['new.key', 'new.csr', 'old.crt', 'old.key'].map((name) => file(name) !== '' && name),
        part(Buffer.from(secret['tls.crt'] ?? '', 'base64').toString()),
      ],
      litter: nodes.map(({ alias }) => ['disk', 'images'].map((name) => sandbox.nodes.node(alias).state.read(name))),
      rules: nodes.map(({ alias }) =>
        ['ufw/rules4', 'ufw/rules6'].map((name) => sandbox.nodes.node(alias).state.read(name).trim().split('\n').sort()),
      ),
      config: [inCheckout('config.yaml'), inCheckout('../deploy/prod.env')].map(withoutPassword),
      policy: [inCheckout('manifests/redis.yaml'), redis.settings.get('maxmemory-policy')],
      configMap: client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.data,
      workloads: client.list(deployments, { namespace }).map(({ metadata, spec }) => {
        const { replicas, paused, template } = spec as {
          readonly replicas: number
          readonly paused?: boolean
          readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
        }
        const images = template.spec.containers.map(({ image }) => image)
        return [metadata.name, replicas, paused ?? false, metadata.annotations?.['honeydue.dev/replicas'], images]
      }),
      cordoned: client
        .list({ group: '', resource: 'nodes' })
        .map(({ spec }) => (spec as { unschedulable?: boolean }).unschedulable ?? false),
      cached: redis.store
        .keys()
        .filter((key) => /^residence_ids_user:[1-9]$/.test(key))
        .sort(),
      archived: [...redis.store.keys()].filter((key) => key.endsWith(':archived')),
      paused: redis.store.keys().filter((key) => key.endsWith(':paused')),
      points: neon.branches.map(({ name, parent_id }) => [name.replace(/\d{8}-\d{4}/, ''), parent_id]),
      // One that is tried again is sent again: who got one counts.
      mailed: [...new Set(mail.taken.flatMap(({ to }) => to))],
      lifecycle: storage.rules,
      token: cloudflareApiToken(sandbox),
      login: adminBasicAuth(sandbox),
      key: storageKey(sandbox),
      synced: syncedSecrets(sandbox).values.map((one) => one.replace(/^REDIS_PASSWORD .*/, 'REDIS_PASSWORD')),
      untagged: [...registry.lacking].sort(),
      schema: await observeMigrations(sandbox),
      locks: await postgres.query("SELECT objid::text, granted FROM pg_locks WHERE locktype = 'advisory'"),
    },
    undefined,
    1,
  )
}
