import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RotatedName } from '../../src/lib/facts/secrets/rotated-names.ts'
import { beforeRebootNote } from '../../src/lib/notes.ts'
import type { procedures } from '../../src/lib/procedures/index.ts'
import { apns, hosts, namespace, nodes, storage } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { authorizedFile } from '../../src/lib/sandbox/nodes/authorized.ts'
import { snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { firstBoot } from '../../src/lib/sandbox/nodes/state.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { kubeconfigEnd } from '../support/kubeconfig-end.ts'
import { migrationWorlds, nextImage, observeMigrations } from '../support/migration-worlds.ts'
import { idsOf } from '../support/queue.ts'
import { replaced } from '../support/replaced.ts'
import { restored } from '../support/restored.ts'
import {
  adminBasicAuth,
  apnsAuthKey,
  cloudflareApiToken,
  emailHostPassword,
  fcmServerKey,
  ingestToken,
  postgresPassword,
  redisPassword,
  registryPassword,
  secretKey,
  storageKey,
  syncedSecrets,
} from '../support/rotation.ts'
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

export type Id = keyof typeof procedures

/** One procedure with a world in which it has something to do. */
export interface Case {
  /** What happened before it; its values stand in the words. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most worlds have nothing to tell
  readonly world?: (sandbox: Sandbox) => void | Readonly<Record<string, string>> | Promise<void | Readonly<Record<string, string>>>
  /** What its environment says beside the sandbox's. */
  readonly settings?: object
  readonly words: (values: Readonly<Record<string, string>>) => readonly string[]
  /** The world that it is to come to, without what passes by itself. */
  readonly end: (sandbox: Sandbox) => unknown
  /** Its subject is new each time: what was confirmed once says nothing of the next. */
  readonly afresh?: true
  /** A run of it cannot be done again once it is done: the session is gone. */
  readonly once?: true
}

const api = 'api.myhoneydue.com'

const deployment = ({ kubernetes }: Sandbox, name: string) =>
  kubernetes.client.get({ group: 'apps', resource: 'deployments' }, name, namespace)

/** Replicas, whether it is paused, and how many of its pods started after the deployment was born, months ago. */
const workload = (name: string) => (sandbox: Sandbox) => {
  const { replicas, paused = false } = (deployment(sandbox, name)?.spec ?? {}) as { readonly replicas?: number; readonly paused?: boolean }
  const pods = sandbox.kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace })
    .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name && metadata.deletionTimestamp === undefined)
  const young = pods.filter(({ status }) => Date.parse(String((status as { startTime?: string }).startTime)) > Date.now() - 3_600_000)
  return {
    replicas,
    paused,
    pods: pods.length,
    young: young.length,
    note: deployment(sandbox, name)?.metadata.annotations?.['honeydue.dev/replicas'],
  }
}

/** A workload with the image that it is to run. */
const runs = (name: string) => (sandbox: Sandbox) => {
  const { template } = (deployment(sandbox, name)?.spec ?? {}) as {
    readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
  return { ...workload(name)(sandbox), images: template?.spec.containers.map(({ image }) => image) }
}

const records = ({ cloudflare }: Sandbox) =>
  cloudflare.state.records.map(({ name, type, content, proxied }) => `${name} ${type} ${content} ${proxied}`).sort()

/** What hetzner2 takes, and what is left on it but daemons. */
const onNode = ({ kubernetes: { client } }: Sandbox) => ({
  cordoned:
    ((client.get({ group: '', resource: 'nodes' }, nodes[1].hostname)?.spec ?? {}) as { readonly unschedulable?: boolean }).unschedulable ??
    false,
  left: client
    .list({ group: '', resource: 'pods' })
    .filter(
      ({ metadata, spec }) =>
        (spec as { nodeName?: string }).nodeName === nodes[1].hostname && metadata.ownerReferences?.[0]?.kind !== 'DaemonSet',
    ).length,
})

/** Whether hetzner2 has booted, and its kubelet has said so. */
const booted = ({ nodes: machines, kubernetes: { client } }: Sandbox) => {
  const machine = machines.node('hetzner2')
  const node = client.get({ group: '', resource: 'nodes' }, machine.hostname)
  return {
    anew: machine.boot() !== firstBoot(machine.hostname),
    reported: (node?.status as { readonly nodeInfo?: { readonly bootID?: string } } | undefined)?.nodeInfo?.bootID === machine.boot(),
    noted: Object.keys(node?.metadata.annotations ?? {}).includes(beforeRebootNote),
  }
}

const rules = (sandbox: Sandbox) =>
  nodes.map(({ alias }) => ['ufw/rules4', 'ufw/rules6'].map((file) => sandbox.nodes.node(alias).state.read(file).split('\n').sort()))

const secret = ({ kubernetes, dir, cloudflare }: Sandbox) => {
  const found = kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (found?.data ?? {}) as Readonly<Record<string, string>>
  const file = (name: string) => join(dir, 'checkout/deploy-k3s/secrets', `cloudflare-origin.${name}`)
  const current = existsSync(file('crt')) ? readFileSync(file('crt'), 'utf8') : ''
  return {
    served: Buffer.from(data['tls.crt'] ?? '', 'base64').toString() === current ? "the checkout's" : 'another',
    files: ['crt', 'key', 'new.key', 'new.csr', 'old.crt', 'old.key'].filter((name) => existsSync(file(name))),
    listed: cloudflare.state.certificates.filter(({ revokedAt }) => revokedAt === undefined).length,
  }
}

const setPaused =
  (name: string) =>
  ({ kubernetes }: Sandbox) =>
    void kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => {
      draft.spec = { ...(draft.spec as object), paused: true }
    })

const branches = ({ neon }: Sandbox) => neon.branches.map(({ name, parent_id }) => [name.replace(/\d{8}-\d{4}/, ''), parent_id])

/** Every procedure: the type says when one is missing. */
export const cases = {
  'access:revoke': {
    words: () => ['operator@laptop'],
    end: ({ dir }) => nodes.map(({ alias }) => readFileSync(join(dir, 'nodes', alias, 'root', authorizedFile), 'utf8')),
  },
  'cache:invalidate': {
    words: () => ['--user', '1', '--user', '2', '--user', '3'],
    end: ({ redis }) => redis.store.keys().filter((key) => /^residence_ids_user:[123]$/.test(key)),
  },
  'cache:policy': {
    words: () => ['--to', 'volatile-lru'],
    end: (sandbox) => [
      sandbox.redis.settings.get('maxmemory-policy'),
      readFileSync(join(sandbox.environment.checkout, 'deploy-k3s/manifests/redis.yaml'), 'utf8').includes('- volatile-lru'),
    ],
  },
  'cert:install': {
    world: async (sandbox) => void (await worlds['an expired certificate in the Secret'](sandbox)),
    afresh: true,
    words: () => [],
    end: secret,
  },
  'cert:rotate': { words: () => ['--validity', '90', '--soak', '0s'], end: secret },
  'cluster:upgrade': {
    world: (sandbox) => worlds['one server left at the release of before'](sandbox),
    words: () => ['--to', 'v1.34.7+k3s1', '--within', '30s'],
    end: (sandbox) => ({
      records: records(sandbox),
      ...onNode(sandbox),
      k3s: sandbox.nodes.nodes.map(({ state }) => state.read('k3s-running').trim()),
    }),
  },
  'config:apply': {
    world: (sandbox) => void worlds['budgets that somebody edited'](sandbox),
    words: () => ['pod-disruption-budgets.yaml'],
    end: ({ kubernetes }) =>
      kubernetes.client
        .list({ group: 'policy', resource: 'poddisruptionbudgets' }, { namespace })
        .map(({ metadata, spec }) => [metadata.name, spec]),
  },
  'config:set': {
    words: () => ['OTEL_TRACES_SAMPLER_ARG=0.2'],
    end: (sandbox) => ({
      data: sandbox.kubernetes.client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.data,
      source: readFileSync(join(sandbox.environment.checkout, 'deploy/prod.env'), 'utf8'),
      api: workload('api')(sandbox),
      worker: workload('worker')(sandbox),
    }),
  },
  'db:bootstrap-goose': {
    world: (sandbox) => migrationWorlds['a table without versions'](sandbox),
    words: () => ['--image', nextImage],
    end: observeMigrations,
  },
  'db:migrate': {
    world: (sandbox) => migrationWorlds['two files pending'](sandbox),
    words: () => ['--image', nextImage],
    end: observeMigrations,
  },
  'db:recover-migration': {
    world: (sandbox) => migrationWorlds['an invalid index that goose recorded'](sandbox),
    words: () => ['--image', nextImage, '--way', 'found'],
    end: observeMigrations,
    afresh: true,
  },
  'db:restore-point': { words: () => [], end: branches },
  'db:switch-host': {
    words: () => ['--to', 'direct'],
    end: (sandbox) => ({
      host: (
        sandbox.kubernetes.client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.data as
          | { DB_HOST?: string }
          | undefined
      )?.DB_HOST,
      source: readFileSync(join(sandbox.environment.checkout, 'deploy-k3s/config.yaml'), 'utf8').includes(hosts.direct),
      api: workload('api')(sandbox),
      worker: workload('worker')(sandbox),
    }),
  },
  'db:unlock': {
    world: (sandbox) => worlds['a lock stranded in the pooler'](sandbox),
    words: ({ PID = '' }) => ['--pid', PID],
    end: ({ postgres }) => postgres.query("SELECT objid::text FROM pg_locks WHERE locktype = 'advisory'"),
    afresh: true,
    once: true,
  },
  'deploy:image': {
    world: (sandbox) => worlds['an image that is built and pushed'](sandbox),
    words: () => ['--tag', 'cccc001', '--only', 'admin'],
    end: runs('admin'),
  },
  'deploy:pause': { words: () => ['api'], end: workload('api') },
  'deploy:restart': { words: () => ['worker'], end: workload('worker') },
  'deploy:resume': { world: setPaused('web'), words: () => ['web'], end: workload('web') },
  'deploy:rollback': {
    world: (sandbox) => worlds['a commit that runs, and the one before it'](sandbox),
    words: () => ['admin', '--to', '12b2f9d'],
    end: runs('admin'),
  },
  'deploy:scale': { words: () => ['web', '--replicas', '2'], end: workload('web') },
  'edge:drain': { words: () => ['hetzner2', '--within', '5s'], end: records },
  'edge:purge': {
    words: () => ['--url', `https://${api}/a`, '--host', api],
    end: ({ cloudflare }) => [...new Set(cloudflare.state.purged.map((one) => JSON.stringify(one)))].sort(),
  },
  'edge:restore': { world: (sandbox) => worlds['hetzner2 drained'](sandbox), words: () => ['hetzner2'], end: records },
  'firewall:refresh': {
    world: (sandbox) => worlds['one range new and one gone'](sandbox),
    words: () => ['--node', 'hetzner1'],
    end: rules,
  },
  'cluster:tidy': {
    world: (sandbox) => worlds['pods that were evicted'](sandbox),
    words: () => [],
    end: ({ kubernetes }) =>
      kubernetes.client
        .list({ group: '', resource: 'pods' }, { namespace })
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.includes('evicted')),
    afresh: true,
  },
  'observability:fix-token': {
    world: (sandbox) => lostToken(sandbox),
    words: () => [],
    end: (sandbox) => [ingestToken(sandbox), ...['api', 'worker'].map((name) => workload(name)(sandbox))],
  },
  'queue:drop': {
    words: () => ['--type', 'email:send'],
    end: ({ redis }) => ['archived', 'pending', 'scheduled'].map((state) => idsOf(redis, state).length),
  },
  'kubeconfig:renew': {
    world: worlds['a kubeconfig that ends soon'],
    words: () => [],
    end: ({ dir }) => kubeconfigEnd(dir),
  },
  'cluster:renew-certs': {
    world: (sandbox) => void worlds["k3s' certificates end soon"](sandbox),
    // One of the three: each restart is waited for.
    words: () => ['hetzner2'],
    end: ({ nodes: machines }) => nodes.map(({ alias }) => machines.node(alias).state.read('k3s-serving')),
  },
  'cluster:restore': {
    world: (sandbox) => lastSnapshot(sandbox),
    // Killed while k3s is stopped everywhere, it is run again without a lease.
    words: ({ SNAPSHOT = '' }) => ['--snapshot', SNAPSHOT, '--without-lease'],
    end: (sandbox) => restored(sandbox),
  },
  'cluster:snapshot': {
    words: () => ['--token-kept'],
    end: ({ dir }) =>
      nodes.map(
        ({ alias }) => readdirSync(join(dir, 'nodes', alias, 'root', snapshotFolder)).filter((name) => name.startsWith('on-demand')).length,
      ),
  },
  'mail:test': {
    words: () => ['--to', 'somebody@example.com'],
    // Run again, it is sent again: SMTP cannot be asked for it.
    end: ({ mail }) => [...new Set(mail.taken.flatMap(({ to }) => to))],
    afresh: true,
  },
  'nodes:clean': {
    world: (sandbox) => void worlds['hetzner2 full of litter'](sandbox),
    words: () => ['hetzner2'],
    end: ({ nodes: { node } }) => ['disk', 'images'].map((file) => node('hetzner2').state.read(file)),
  },
  'nodes:drain': { words: () => ['hetzner2', '--within', '30s'], end: (sandbox) => ({ records: records(sandbox), ...onNode(sandbox) }) },
  'nodes:reboot': {
    words: () => ['hetzner2', '--within', '30s'],
    end: (sandbox) => ({ records: records(sandbox), ...onNode(sandbox), ...booted(sandbox) }),
  },
  'nodes:replace': {
    world: worlds['hetzner2 gone for good'],
    words: () => ['hetzner2', '--provisioned'],
    end: (sandbox) => ({ records: records(sandbox), ...replaced(sandbox) }),
  },
  'nodes:uncordon': {
    world: (sandbox) => void worlds['hetzner2 cordoned'](sandbox),
    words: () => ['hetzner2'],
    end: (sandbox) => onNode(sandbox).cordoned,
  },
  'nodes:update': {
    world: (sandbox) => worlds['updates pending on hetzner2'](sandbox),
    words: () => ['hetzner2', '--within', '30s'],
    end: (sandbox) => ({
      records: records(sandbox),
      ...onNode(sandbox),
      ...booted(sandbox),
      pending:
        sandbox.nodes
          .node('hetzner2')
          .state.read('updates')
          .match(/^Inst /gm)?.length ?? 0,
    }),
  },
  'queue:pause': { words: () => ['default'], end: ({ redis }) => redis.store.keys().includes('asynq:{default}:paused') },
  'queue:retry': {
    words: () => ['--type', 'email:send'],
    end: ({ redis }) => ['archived', 'pending'].map((state) => idsOf(redis, state).length),
  },
  'queue:resume': {
    world: ({ redis }) => void redis.store.set('asynq:{default}:paused', '1700000000'),
    words: () => ['default'],
    end: ({ redis }) => redis.store.keys().includes('asynq:{default}:paused'),
  },
  'redis:recover': {
    world: worlds['the machine of Redis gone'],
    words: () => ['hetzner3'],
    end: (sandbox) => {
      const { template } = (deployment(sandbox, 'redis')?.spec ?? {}) as {
        readonly template?: { readonly spec: { readonly nodeSelector: object; readonly volumes: object } }
      }
      const claims = sandbox.kubernetes.client.list({ group: '', resource: 'persistentvolumeclaims' }, { namespace })
      return [template?.spec.nodeSelector, template?.spec.volumes, claims.map(({ metadata }) => metadata.name).sort()]
    },
  },
  'registry:prune': {
    world: async (sandbox) => void (await worlds['an image that is built and pushed'](sandbox)),
    words: () => ['--last', '1'],
    end: ({ registry }) => [...registry.lacking].sort(),
  },
  'storage:lifecycle': {
    world: ({ storage }) => {
      storage.rules = []
    },
    words: () => [],
    end: ({ storage }) => storage.rules,
  },
  'secrets:sync': {
    world: changedSources,
    words: () => [],
    end: (sandbox) => [syncedSecrets(sandbox), ...['api', 'worker'].map((name) => workload(name)(sandbox))],
  },
  'secrets:rotate': {
    words: () => ['REDIS_PASSWORD', '--soak', '0s'],
    end: (sandbox) => [redisPassword(sandbox), ...['api', 'worker'].map((name) => workload(name)(sandbox))],
  },
} as const satisfies Readonly<Record<Id, Case>>

const rotated = (key: string, state: (sandbox: Sandbox) => unknown): Case => ({
  words: ({ FILE }) => [key, '--soak', '0s', ...(FILE === undefined ? [] : ['--from', FILE])],
  end: async (sandbox) => [await state(sandbox), ...['api', 'worker'].map((name) => workload(name)(sandbox))],
})

/** Other kinds of what one procedure does, each with steps of its own: killed as well. */
export const further = {
  'secrets:rotate POSTGRES_PASSWORD': rotated('POSTGRES_PASSWORD', postgresPassword),
  'secrets:rotate EMAIL_HOST_PASSWORD': {
    ...rotated('EMAIL_HOST_PASSWORD', emailHostPassword),
    // Whoever made the second one has revoked the first: nobody is there to be asked.
    world: (sandbox) => {
      const FILE = secondMailPassword(sandbox)
      sandbox.mail.password = planted.nextEmailPassword
      return { FILE }
    },
  },
  'secrets:rotate REGISTRY_PASSWORD': {
    ...rotated('REGISTRY_PASSWORD', registryPassword),
    world: (sandbox) => {
      const FILE = secondRegistryToken(sandbox)
      sandbox.registry.passwords.delete(planted.registryPassword)
      return { FILE }
    },
  },
  'secrets:rotate OBS_INGEST_TOKEN': {
    ...rotated('OBS_INGEST_TOKEN', ingestToken),
    world: (sandbox) => {
      const FILE = secondIngestToken(sandbox)
      sandbox.observability.token = planted.nextIngestToken
      return { FILE }
    },
  },
  'secrets:rotate apns_auth_key.p8': {
    ...rotated('apns_auth_key.p8', apnsAuthKey),
    world: (sandbox) => {
      const FILE = secondApnsKey(sandbox)
      sandbox.apns.keys.delete(apns.keyId)
      return { FILE }
    },
  },
  'secrets:rotate FCM_SERVER_KEY': {
    ...rotated('FCM_SERVER_KEY', fcmServerKey),
    world: (sandbox) => ({ FILE: secondFcmKey(sandbox) }),
  },
  'secrets:rotate STORAGE_KEY': {
    ...rotated('STORAGE_KEY', storageKey),
    settings: { storage: storageNames },
    // Its world writes the Secret: the version that the plan is made on is another one each time.
    afresh: true,
    world: (sandbox) => {
      const FILE = secondStorageKey(sandbox)
      Object.assign(sandbox.storage, { id: storage.nextId, key: planted.nextStorageKey })
      sandbox.storage.beside.clear()
      return { FILE }
    },
  },
  'secrets:rotate CLOUDFLARE_API_TOKEN': {
    ...rotated('CLOUDFLARE_API_TOKEN', cloudflareApiToken),
    world: (sandbox) => {
      const FILE = secondCloudflareToken(sandbox)
      sandbox.cloudflare.state.tokens.delete(planted.cloudflareToken)
      return { FILE }
    },
  },
  'secrets:rotate admin-basic-auth': {
    ...rotated('admin-basic-auth', adminBasicAuth),
    // Its world makes the Secret and edits the Ingress.
    afresh: true,
    settings: { basicAuth: { sourceKey: adminKey } },
    world: (sandbox) => ({ FILE: secondLoginKept(sandbox) }),
  },
  'secrets:rotate SECRET_KEY': rotated('SECRET_KEY', secretKey),
} as const satisfies Readonly<Record<`secrets:rotate ${Exclude<RotatedName, 'REDIS_PASSWORD'>}`, Case>>

export type CaseName = Id | keyof typeof further

export const caseOf = (name: CaseName): Case => ({ ...cases, ...further })[name]

/** Which file tries which: several run beside each other. */
export const groups = {
  cluster: [
    'cache:invalidate',
    'cache:policy',
    'config:apply',
    'config:set',
    'db:switch-host',
    'deploy:pause',
    'deploy:restart',
    'deploy:resume',
    'deploy:scale',
    'cluster:tidy',
    'queue:drop',
    'queue:pause',
    'queue:resume',
    'queue:retry',
  ],
  edge: ['access:revoke', 'edge:drain', 'edge:purge', 'edge:restore', 'firewall:refresh', 'kubeconfig:renew'],
  nodes: [
    'redis:recover',
    'cluster:renew-certs',
    'cluster:restore',
    'cluster:snapshot',
    'nodes:clean',
    'nodes:drain',
    'nodes:reboot',
    'nodes:replace',
    'nodes:uncordon',
    'nodes:update',
    'cluster:upgrade',
  ],
  certificates: [
    'cert:install',
    'cert:rotate',
    'db:restore-point',
    'mail:test',
    'observability:fix-token',
    'secrets:rotate',
    'secrets:sync',
    'storage:lifecycle',
  ],
  releases: ['deploy:image', 'deploy:rollback', 'registry:prune'],
  database: ['db:bootstrap-goose', 'db:migrate', 'db:recover-migration', 'db:unlock'],
} as const satisfies Readonly<Record<string, readonly Id[]>>
