import { spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { handLines, scriptOf } from '../../src/lib/plan/by-hand.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { type Plan, prepare } from '../../src/lib/plan/plan.ts'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import { type AnyProcedure, procedures } from '../../src/lib/procedures/index.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { authorizedFile } from '../../src/lib/sandbox/nodes/authorized.ts'
import { snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { firstBoot } from '../../src/lib/sandbox/nodes/state.ts'
import { taskHash } from '../../src/lib/sandbox/redis/asynq-worker.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { type ShellLine, sh } from '../../src/lib/shell.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { contextOf } from '../support/context.ts'
import { kubeconfigEnd } from '../support/kubeconfig-end.ts'
import { nextImage, observeMigrations } from '../support/migration-worlds.ts'
import { idsOf } from '../support/queue.ts'
import { replaced } from '../support/replaced.ts'
import { restored } from '../support/restored.ts'
import { ingestToken, liveValue, postgresPassword, redisPassword, syncedSecrets } from '../support/rotation.ts'
import { runOf } from '../support/run-of.ts'
import { scratchServers, useSandbox, worlds } from '../support/worlds.ts'

const sandbox = useSandbox()

/** Somebody who has looked, and found everything to be so. */
const looked = sh`see() { :; }`

const typed = (lines: readonly string[]): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', lines.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 100_000 })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.on('close', (code) => resolve({ code, said }))
  })

interface Case {
  readonly id: keyof typeof procedures
  readonly world: keyof typeof worlds
  /** What the world has beside it here. */
  readonly arrange?: (sandbox: Sandbox) => unknown
  readonly input: (values: Readonly<Record<string, string>>) => Record<string, unknown>
  /** Values and objects; no revisions, times or pods. */
  readonly observe: (sandbox: Sandbox) => unknown
  /** The proof of the first step of such a title is broken between the step and its proof: the script ends there, and what stands in `stays` is not touched any more. */
  readonly breaks?: {
    readonly at: RegExp
    readonly by: (sandbox: Sandbox) => unknown
    readonly stays?: (sandbox: Sandbox) => unknown
  }
}

/** The workers of this sandbox take no jobs. */
const nothingWaits = ({ redis }: Sandbox) => redis.store.delete('asynq:{default}:pending')

const deployments = { group: 'apps', resource: 'deployments' }
const edit =
  (name: string, change: (spec: Record<string, unknown>) => void) =>
  ({ kubernetes }: Sandbox) =>
    kubernetes.client.update(deployments, name, namespace, (draft) => change(draft['spec'] as Record<string, unknown>))
const neverReady = (name: string) =>
  edit(name, (spec) => {
    const { metadata } = spec['template'] as { metadata: { annotations?: Record<string, string> } }
    metadata.annotations = { ...metadata.annotations, 'honeydue.test/never-ready': 'true' }
  })
const scaledTo = (name: string, replicas: number) => edit(name, (spec) => Object.assign(spec, { replicas }))
const template =
  (name: string) =>
  ({ kubernetes }: Sandbox) =>
    (kubernetes.client.get(deployments, name, namespace)?.['spec'] as { readonly template: unknown } | undefined)?.template
const wrongCertificate = ({ edge, originCa }: Sandbox) =>
  edge
    .traefik('hetzner2')
    .fail({ serves: originCa.authority.issue({ commonName: 'other', names: ['*.myhoneydue.com', 'myhoneydue.com'] }) })
const unmark = ({ postgres }: Sandbox) => postgres.query('DELETE FROM goose_db_version WHERE version_id > 0')
/** Of each workload: which values its pods are made of, and how many of them are older than the test. */
const restarted = async ({ kubernetes }: Sandbox) => {
  const pods = kubernetes.client.list({ group: '', resource: 'pods' }, { namespace })
  // What is on its way out is gone a moment later.
  const old = ({ metadata, status }: (typeof pods)[number]) =>
    metadata.deletionTimestamp === undefined &&
    Date.parse(String((status as { readonly startTime?: string }).startTime)) < Date.now() - 3_600_000
  return pods.filter(old).map(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'])
}

const configMap = ({ kubernetes }: Sandbox) =>
  kubernetes.client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.['data']
const records = ({ cloudflare }: Sandbox) =>
  cloudflare.state.records
    .map(({ name, type, content, proxied, comment }) => ({ name, type, content, proxied, comment }))
    .sort((a, b) => `${a.name}${a.content}`.localeCompare(`${b.name}${b.content}`))
/** Whether hetzner2 takes pods, and whether any but daemons is on it. */
const onNode = ({ kubernetes: { client } }: Sandbox) => ({
  cordoned:
    ((client.get({ group: '', resource: 'nodes' }, nodes[1].hostname)?.['spec'] ?? {}) as { unschedulable?: boolean }).unschedulable ??
    false,
  left: client
    .list({ group: '', resource: 'pods' })
    .some(
      ({ metadata, spec }) =>
        (spec as { nodeName?: string }).nodeName === nodes[1].hostname && metadata.ownerReferences?.[0]?.kind !== 'DaemonSet',
    ),
})
const redisManifest = ({ environment }: Sandbox) => readFileSync(join(environment.checkout, 'deploy-k3s/manifests/redis.yaml'), 'utf8')
const sourceFile = ({ environment }: Sandbox) => readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')

const prodEnv = ({ environment }: Sandbox) => readFileSync(join(environment.checkout, 'deploy/prod.env'), 'utf8')

const evicted = ({ kubernetes }: Sandbox) =>
  kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace })
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.includes('evicted'))

const pausedKey = 'asynq:{default}:paused'
const isPaused = ({ redis }: Sandbox) => redis.store.keys().includes(pausedKey)

const images = ({ kubernetes }: Sandbox) =>
  kubernetes.client
    .list(deployments, { namespace })
    .map(({ metadata, spec }) => [
      metadata.name,
      (spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers.map(({ image }) => image),
    ])

/** What is in the queue; the worker's own pass is left to it. */
let dropped = ''
const queued = ({ redis }: Sandbox) => ['archived', 'retry', 'scheduled'].map((state) => idsOf(redis, state))

const rules = ({ nodes: { node } }: Sandbox) =>
  nodes.map(({ alias }) => ['ufw/rules4', 'ufw/rules6'].map((file) => node(alias).state.read(file).split('\n').sort()))
const replicas = ({ kubernetes }: Sandbox) =>
  kubernetes.client
    .list({ group: 'apps', resource: 'deployments' }, { namespace })
    .map(({ metadata, spec }) => [
      metadata.name,
      (spec as { replicas?: number }).replicas,
      (spec as { paused?: boolean }).paused,
      metadata.annotations?.['honeydue.dev/replicas'],
    ])
/** Keys and serial numbers are new every time: by their part in the rotation. */
const pair = ({ environment, kubernetes, originCa, cloudflare }: Sandbox) => {
  const file = (name: string) => join(environment.checkout, 'deploy-k3s/secrets', `cloudflare-origin.${name}`)
  const text = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim() : undefined)
  const secret = kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (secret?.['data'] ?? {}) as Record<string, string>
  const live = Buffer.from(data['tls.crt'] ?? '', 'base64')
    .toString()
    .trim()
  const first = originCa.first.certificate.trim()
  const fits = (key: string | undefined, certificate: string | undefined) =>
    key !== undefined && certificate !== undefined && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  return {
    files: ['crt', 'key', 'new.key', 'new.csr', 'new.crt', 'old.crt', 'old.key'].map((name) =>
      existsSync(file(name)) ? `${name} ${(statSync(file(name)).mode & 0o777).toString(8)}` : '',
    ),
    fits: [fits(text('key'), text('crt')), fits(text('old.key'), text('old.crt'))],
    live: live === first ? 'first' : live === text('crt') ? 'the new one' : 'another',
    keyInSecret:
      Buffer.from(data['tls.key'] ?? '', 'base64')
        .toString()
        .trim() === text('key'),
    noted: secret?.metadata.annotations?.['honeydue.dev/last-rotated'] !== undefined,
    valid: cloudflare.state.certificates.filter(({ revokedAt }) => revokedAt === undefined).length,
  }
}

const cached = ({ redis }: Sandbox) =>
  redis.store
    .keys()
    .filter((key) => key.startsWith('residence_ids_user:'))
    .sort()
/** The minute in a name passes by itself. */
const branches = ({ neon }: Sandbox) => neon.branches.map(({ name, parent_id }) => [name.replace(/\d{8}-\d{4}/, ''), parent_id])

const rotation = { validity: '90', soak: 0, 'newer-than': 86_400_000 }

const cases: readonly Case[] = [
  {
    id: 'db:switch-host',
    world: 'healthy',
    input: () => ({ to: 'direct' }),
    observe: (one) => [configMap(one), sourceFile(one)],
    breaks: { at: /^Restart api/, by: scaledTo('api', 1), stays: template('worker') },
  },
  {
    id: 'config:set',
    world: 'healthy',
    input: () => ({ setting: 'OTEL_TRACES_SAMPLER_ARG=0.2', new: false }),
    observe: (one) => [configMap(one), prodEnv(one)],
    breaks: { at: /^Restart api/, by: scaledTo('api', 1), stays: template('worker') },
  },
  {
    id: 'config:set',
    world: 'healthy',
    input: () => ({ setting: "APPLE_TEAM=a 'quoted' word", new: true }),
    observe: (one) => [configMap(one), prodEnv(one)],
  },
  {
    id: 'config:set',
    world: 'healthy',
    input: () => ({ setting: 'APPLE_TEAM=two words', new: true }),
    observe: (one) => [configMap(one), prodEnv(one)],
    breaks: {
      at: /^Set APPLE_TEAM in deploy\/prod/,
      by: (one) => writeFileSync(join(one.environment.checkout, 'deploy/prod.env'), ''),
      stays: template('api'),
    },
  },
  {
    id: 'edge:drain',
    world: 'healthy',
    input: () => ({ node: 'hetzner2', within: 300_000 }),
    observe: records,
    breaks: {
      at: /^Take \S+ off/,
      by: ({ cloudflare: { state } }) => {
        const [one] = state.records
        const names = new Set(state.records.filter(({ content }) => content === nodes[1].address).map(({ name }) => name))
        const name = state.records.find((record) => !names.has(record.name))?.name
        if (one && name) state.records = [...state.records, { ...one, name, content: nodes[1].address }]
      },
      stays: (one) => records(one),
    },
  },
  {
    id: 'edge:restore',
    world: 'hetzner2 drained',
    input: () => ({ node: 'hetzner2' }),
    observe: records,
    breaks: { at: /well, asked from itself/, by: ({ edge }) => edge.traefik('hetzner2').fail('no-handshake') },
  },
  {
    id: 'nodes:drain',
    world: 'healthy',
    input: () => ({ node: 'hetzner2', within: 60_000 }),
    observe: (one) => [records(one), onNode(one)],
  },
  {
    id: 'nodes:drain',
    world: 'hetzner2 drained',
    input: () => ({ node: 'hetzner2', within: 60_000 }),
    observe: onNode,
    breaks: {
      at: /^Cordon/,
      by: ({ kubernetes: { client } }) =>
        client.update({ group: '', resource: 'nodes' }, nodes[1].hostname, undefined, (draft) => {
          draft['spec'] = { ...(draft['spec'] as object), unschedulable: false }
        }),
      stays: (one) => onNode(one).left,
    },
  },
  {
    id: 'kubeconfig:renew',
    world: 'a kubeconfig that ends soon',
    input: () => ({ from: undefined }),
    observe: ({ dir }) => kubeconfigEnd(dir),
  },
  {
    id: 'nodes:reboot',
    world: 'healthy',
    input: () => ({ node: 'hetzner2', all: false, within: 60_000, 'older-than': 3_600_000 }),
    observe: (one) => [records(one), onNode(one), one.nodes.node('hetzner2').boot() !== firstBoot(nodes[1].hostname)],
  },
  {
    id: 'nodes:replace',
    world: 'hetzner2 gone for good',
    input: () => ({ node: 'hetzner2', address: undefined, provisioned: false }),
    observe: (one) => [records(one), replaced(one)],
  },
  {
    id: 'redis:recover',
    world: 'the machine of Redis gone',
    input: () => ({ node: 'hetzner3' }),
    observe: ({ kubernetes: { client } }) => [
      client.get({ group: 'apps', resource: 'deployments' }, 'redis', namespace)?.spec,
      client
        .list({ group: '', resource: 'persistentvolumeclaims' }, { namespace })
        .map(({ metadata }) => metadata.name)
        .sort(),
    ],
  },
  {
    id: 'nodes:update',
    world: 'updates pending on hetzner2',
    input: () => ({ node: 'hetzner2', within: 60_000 }),
    observe: (one) => [
      records(one),
      onNode(one),
      one.nodes.node('hetzner2').state.read('updates'),
      one.nodes.node('hetzner2').boot() !== firstBoot(nodes[1].hostname),
    ],
  },
  {
    id: 'cluster:renew-certs',
    world: "k3s' certificates end soon",
    input: () => ({ node: undefined }),
    observe: (one) => nodes.map(({ alias }) => one.nodes.node(alias).state.read('k3s-serving')),
  },
  {
    id: 'cluster:restore',
    world: 'a snapshot of hetzner1',
    input: ({ SNAPSHOT }) => ({ snapshot: SNAPSHOT, 'own-data': false, 'others-off': false }),
    observe: restored,
  },
  {
    id: 'cluster:snapshot',
    world: 'healthy',
    input: () => ({ name: 'on-demand', 'newer-than': 3_600_000, 'token-kept': true }),
    observe: ({ dir }) =>
      nodes.map(
        ({ alias }) => readdirSync(join(dir, 'nodes', alias, 'root', snapshotFolder)).filter((name) => name.startsWith('on-demand')).length,
      ),
  },
  {
    id: 'mail:test',
    world: 'healthy',
    input: () => ({ to: "o'neil+$HOME@example.com", from: undefined }),
    observe: ({ mail }) =>
      mail.taken.map(({ from, to, text }) => [
        from,
        to,
        ...['From', 'To', 'Subject', 'Auto-Submitted'].map((name) => new RegExp(`^${name}: .*$`, 'm').exec(text)?.[0].trim()),
        /^Message-ID: <[\w.-]+@mail\.invalid>\r$/m.test(text),
        /^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r$/m.test(text),
      ]),
  },
  {
    id: 'registry:prune',
    world: 'an image that is built and pushed',
    input: () => ({ last: '1' }),
    observe: ({ registry }) => [...registry.lacking].sort(),
  },
  {
    id: 'storage:lifecycle',
    world: 'a bucket without lifecycle rules',
    input: () => ({}),
    observe: ({ storage }) => storage.rules,
  },
  {
    id: 'nodes:clean',
    world: 'hetzner2 full of litter',
    input: () => ({ node: 'hetzner2' }),
    observe: ({ nodes: { node } }) => ['disk', 'images'].map((file) => node('hetzner2').state.read(file)),
  },
  { id: 'nodes:uncordon', world: 'hetzner2 cordoned', input: () => ({ node: 'hetzner2' }), observe: onNode },
  {
    id: 'firewall:refresh',
    world: 'one range new and one gone',
    input: () => ({ node: [] }),
    observe: rules,
    breaks: {
      at: /^Let Cloudflare's ranges in/,
      by: ({ nodes: { node } }) => {
        const { state } = node('hetzner1')
        state.write(
          'ufw/rules4',
          state
            .read('ufw/rules4')
            .split('\n')
            .filter((line) => !line.includes('198.51.100.0/24'))
            .join('\n'),
        )
      },
      stays: rules,
    },
  },
  {
    id: 'db:unlock',
    world: 'a lock stranded in the pooler',
    input: ({ PID }) => ({ pid: PID }),
    observe: ({ postgres }) => postgres.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
    breaks: { at: /^End backend/, by: ({ postgres }) => postgres.behave('direct', { answer: 'reset' }) },
  },
  {
    id: 'edge:purge',
    world: 'healthy',
    input: () => ({ url: [], host: ['api.myhoneydue.com'], everything: false }),
    observe: ({ cloudflare }) => cloudflare.state.purged,
  },
  {
    id: 'deploy:scale',
    world: 'healthy',
    input: () => ({ workload: 'api', replicas: '4', 'remove-autoscaler': false }),
    observe: replicas,
    breaks: { at: /^Scale/, by: scaledTo('api', 1) },
  },
  {
    id: 'deploy:scale',
    world: 'healthy',
    input: () => ({ workload: 'admin', replicas: '0', 'remove-autoscaler': false }),
    observe: replicas,
    breaks: { at: /^Scale/, by: scaledTo('admin', 1) },
  },
  {
    id: 'deploy:pause',
    world: 'healthy',
    input: () => ({ workload: 'api' }),
    observe: replicas,
    breaks: { at: /^Pause/, by: edit('api', (spec) => delete spec['paused']) },
  },
  {
    id: 'deploy:resume',
    world: 'a rollout of web that was paused',
    input: () => ({ workload: 'web' }),
    observe: replicas,
    breaks: { at: /^Every pod/, by: neverReady('web') },
  },
  {
    id: 'deploy:restart',
    world: 'healthy',
    input: () => ({ workload: 'api', 'older-than': 600_000 }),
    observe: restarted,
    breaks: { at: /^Restart/, by: scaledTo('api', 1) },
  },
  {
    id: 'deploy:restart',
    world: 'healthy',
    input: () => ({ workload: 'worker', 'older-than': 600_000 }),
    observe: async (one) => [await restarted(one), replicas(one)],
    breaks: { at: /^Stop worker/, by: scaledTo('worker', 1), stays: template('worker') },
  },
  {
    id: 'cache:invalidate',
    world: 'healthy',
    input: () => ({ user: ['7'], 'all-residence-ids': false, 'at-most': '10000' }),
    observe: cached,
    breaks: { at: /^Delete/, by: ({ redis }) => redis.store.set('residence_ids_user:7', '[1]') },
  },
  {
    id: 'cache:invalidate',
    world: 'healthy',
    input: () => ({ user: [], 'all-residence-ids': true, 'at-most': '10000' }),
    observe: cached,
    breaks: { at: /^Delete/, by: ({ redis }) => redis.store.set('residence_ids_user:7', '[1]') },
  },
  {
    id: 'cluster:tidy',
    world: 'pods that were evicted',
    input: () => ({}),
    observe: evicted,
  },
  {
    id: 'cache:policy',
    world: 'healthy',
    input: () => ({ to: 'volatile-lru' }),
    observe: (one) => [one.redis.settings.get('maxmemory-policy'), redisManifest(one)],
    breaks: {
      at: /^Set maxmemory-policy to/,
      by: ({ redis }) => redis.settings.set('maxmemory-policy', 'noeviction'),
      stays: redisManifest,
    },
  },
  {
    id: 'secrets:rotate',
    world: 'healthy',
    input: () => ({ name: 'REDIS_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 0 }),
    observe: async (one) => [redisPassword(one), await restarted(one)],
    breaks: {
      at: /^Let Redis accept the new/,
      by: ({ redis }) => redis.startWith(planted.redisPassword),
      stays: (one) => liveValue(one, 'REDIS_PASSWORD'),
    },
  },
  {
    id: 'secrets:rotate',
    world: 'healthy',
    input: () => ({ name: 'POSTGRES_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 0 }),
    observe: async (one) => [await postgresPassword(one), await restarted(one)],
    breaks: {
      at: /^Give neondb_owner the new/,
      by: ({ postgres }) => postgres.query("ALTER ROLE neondb_owner PASSWORD 'of-somebody-else'"),
      stays: (one) => liveValue(one, 'POSTGRES_PASSWORD'),
    },
  },
  {
    id: 'secrets:rotate',
    world: 'a second token for metrics, in a file',
    arrange: ({ observability }) => {
      observability.token = planted.nextIngestToken
    },
    input: ({ FILE }) => ({ name: 'OBS_INGEST_TOKEN', from: FILE, soak: 0, 'keep-old': false, 'newer-than': 0 }),
    observe: async (one) => [ingestToken(one), await restarted(one)],
  },
  {
    id: 'access:revoke',
    world: 'healthy',
    input: () => ({ name: 'operator@laptop', holder: undefined, 'key-file': undefined, without: [] }),
    observe: ({ dir }) => nodes.map(({ alias }) => readFileSync(join(dir, 'nodes', alias, 'root', authorizedFile), 'utf8')),
  },
  {
    id: 'cluster:upgrade',
    world: 'one server left at the release of before',
    input: () => ({ to: 'v1.34.7+k3s1', within: 60_000 }),
    observe: (one) => [records(one), onNode(one), one.nodes.nodes.map(({ state }) => state.read('k3s-running').trim())],
  },
  {
    id: 'config:apply',
    world: 'budgets that somebody edited',
    input: () => ({ file: 'pod-disruption-budgets.yaml' }),
    observe: ({ kubernetes: { client } }) =>
      client.list({ group: 'policy', resource: 'poddisruptionbudgets' }, { namespace }).map(({ metadata, spec }) => [metadata.name, spec]),
  },
  {
    id: 'observability:fix-token',
    world: 'a token for metrics that the Secret lost',
    input: () => ({ from: undefined }),
    observe: async (one) => [ingestToken(one), await restarted(one)],
  },
  {
    id: 'secrets:sync',
    world: 'two sources that were changed',
    input: () => ({ only: [] }),
    observe: syncedSecrets,
  },
  {
    id: 'queue:drop',
    world: 'a job that failed for good',
    input: ({ ID = '' }) => {
      dropped = ID
      return { id: [ID], type: undefined, state: 'archived', lost: false }
    },
    observe: queued,
    breaks: {
      at: /^Drop/,
      by: ({ redis }) => redis.store.put(`asynq:{default}:t:${dropped}`, taskHash({ id: dropped, type: 'email:send' }, 'archived')),
    },
  },
  {
    id: 'queue:drop',
    world: 'jobs that Redis evicted',
    input: () => ({ id: [], type: undefined, state: 'archived', lost: true }),
    observe: queued,
  },
  {
    id: 'queue:pause',
    world: 'healthy',
    input: () => ({ queue: 'default' }),
    observe: isPaused,
    breaks: { at: /^Pause/, by: ({ redis }) => redis.store.delete(pausedKey) },
  },
  {
    id: 'queue:resume',
    world: 'a queue paused by somebody',
    input: () => ({ queue: 'default' }),
    observe: isPaused,
    breaks: { at: /^Resume/, by: ({ redis }) => redis.store.set(pausedKey, '1790000000') },
  },
  {
    id: 'queue:retry',
    world: 'a job that failed for good',
    input: ({ ID = '' }) => {
      dropped = ID
      return { id: [ID], type: undefined }
    },
    observe: queued,
    breaks: {
      at: /^Run job/,
      by: ({ redis }) => redis.store.put(`asynq:{default}:t:${dropped}`, taskHash({ id: dropped, type: 'email:send' }, 'archived')),
    },
  },
  {
    id: 'deploy:image',
    world: 'an image that is built and pushed',
    arrange: nothingWaits,
    input: ({ TAG }) => ({ tag: TAG, only: [], 'by-digest': false }),
    observe: async (one) => [images(one), replicas(one), await restarted(one)],
    breaks: { at: /^Stop worker/, by: scaledTo('worker', 1), stays: template('worker') },
  },
  {
    id: 'deploy:image',
    world: 'an image that is built and pushed',
    input: ({ TAG }) => ({ tag: TAG, only: ['api', 'admin'], 'by-digest': false }),
    observe: images,
    breaks: { at: /^Replace the pods of api/, by: scaledTo('api', 1), stays: template('admin') },
  },
  {
    id: 'deploy:rollback',
    world: 'a commit that runs, and the one before it',
    arrange: nothingWaits,
    input: ({ TAG }) => ({ workload: [], to: TAG }),
    observe: async (one) => [images(one), replicas(one)],
    breaks: { at: /^Stop worker/, by: scaledTo('worker', 1), stays: template('worker') },
  },
  {
    id: 'cert:install',
    world: 'an expired certificate in the Secret',
    input: () => ({}),
    observe: pair,
    breaks: { at: /^Every node serves/, by: wrongCertificate },
  },
  { id: 'cert:rotate', world: 'the first certificate still in use', input: () => ({ ...rotation, 'keep-old': true }), observe: pair },
  {
    id: 'cert:rotate',
    world: 'the first certificate still in use',
    input: () => ({ ...rotation, 'keep-old': false }),
    observe: pair,
    breaks: { at: /^Every node serves/, by: wrongCertificate, stays: pair },
  },
  {
    id: 'db:restore-point',
    world: 'healthy',
    input: () => ({}),
    observe: branches,
    breaks: { at: /^Make/, by: ({ neon }) => Object.assign(neon, { slow: 99 }) },
  },
  {
    id: 'db:bootstrap-goose',
    world: 'a table without versions',
    input: () => ({ image: nextImage }),
    observe: observeMigrations,
    breaks: { at: /^Mark/, by: unmark },
  },
  {
    id: 'db:migrate',
    world: 'two files pending',
    input: () => ({ image: nextImage, rehearse: false }),
    observe: observeMigrations,
    breaks: { at: /^Run 2/, by: unmark },
  },
  {
    id: 'db:recover-migration',
    world: 'a Job killed without a transaction, after its statement',
    input: () => ({ image: nextImage, way: 'mark' }),
    observe: observeMigrations,
    breaks: { at: /^Mark/, by: unmark },
  },
  {
    id: 'db:recover-migration',
    world: 'a Job killed in a transaction',
    input: () => ({ image: nextImage, way: 'rerun' }),
    observe: observeMigrations,
  },
  {
    id: 'db:recover-migration',
    world: 'an invalid index that goose recorded',
    input: () => ({ image: nextImage, way: 'rebuild-index' }),
    observe: observeMigrations,
  },
  {
    id: 'db:recover-migration',
    world: 'pods that hang on the stranded lock',
    input: () => ({ image: undefined, way: 'unlock' }),
    observe: ({ postgres }) =>
      postgres.query(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory' AND granted AND state = 'idle'",
      ),
  },
]

/** No wait of a broken script lasts: it is to end there. */
const impatient = (line: ShellLine): ShellLine => line.replace('left=$1;', 'left=2;').replace(/--timeout=\d+s/, '--timeout=3s') as ShellLine

/** The script with a place to wait at, before the proof of a step: there, a file that it makes is waited for to be gone. */
const haltedAt = (lines: readonly ShellLine[], proof: ShellLine | undefined, file: string): readonly ShellLine[] =>
  lines.flatMap((line, i) =>
    line === proof && lines.indexOf(line) === i ? [sh`: > ${file}`, sh`while test -e ${file}; do sleep 0.1; done`, line] : [line],
  )

test('every procedure is tried by hand', () => {
  expect([...new Set(cases.map(({ id }) => id))].sort()).toEqual(Object.keys(procedures).sort())
})

describe.each(cases)('law 9: $id, from "$world"', ({ id, world, arrange, input, observe, breaks }) => {
  const planned = async () => {
    const procedure: AnyProcedure = await procedures[id]()
    await sandbox().reset()
    const values = (await worlds[world](sandbox())) ?? {}
    await arrange?.(sandbox())
    const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal, async () =>
      scratchServer({ servers: scratchServers }),
    )
    const prepared = await prepare(procedure, input(values as Readonly<Record<string, string>>), systems, contextOf(sandbox().environment))
    expect(prepared.plan.blocked).toEqual([])
    return { procedure, systems, prepared }
  }
  const scriptFor = (plan: Plan): readonly ShellLine[] =>
    scriptOf(handLines(plan).map((line) => ({ ...line, kind: line.kind === 'held' ? ('line' as const) : line.kind }))).map((line) =>
      line.startsWith('see() ') ? looked : line,
    )

  test('by hand it comes to the same end as its run', async () => {
    const run = await planned()
    expect((await perform(run.prepared, runOf(run.systems, run.procedure.needs))).trouble).toBeUndefined()
    const end = await observe(sandbox())
    await run.systems.close()

    const hand = await planned()
    const before = await observe(sandbox())
    const { code, said } = await typed(scriptFor(hand.prepared.plan))
    await hand.systems.close()
    expect(code, said).toBe(0)
    expect(before).not.toEqual(end)
    // A session that was told to end is gone a moment later.
    await expect.poll(() => observe(sandbox()), { timeout: 5_000 }).toEqual(end)
  }, 120_000)

  if (breaks === undefined) return

  test('by hand it stops where a proof does not hold', async () => {
    const { prepared, systems } = await planned()
    await systems.close()
    const step = prepared.plan.steps.find(({ title, shows }) => breaks.at.test(title) && shows?.lines.length)
    expect(step, 'a step to break').toBeDefined()
    const [proof] = step?.shows?.lines ?? []
    const file = join(sandbox().dir, 'halted')
    const halted = haltedAt(scriptFor(prepared.plan).map(impatient), proof && impatient(proof), file)
    const ended = typed(halted)
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true)
    await breaks.by(sandbox())
    const stood = await breaks.stays?.(sandbox())
    rmSync(file)
    const { code, said } = await ended
    expect(said).toContain('Stopped there: what follows was not done.')
    expect(code).not.toBe(0)
    expect(await breaks.stays?.(sandbox())).toEqual(stood)
  }, 120_000)
})
