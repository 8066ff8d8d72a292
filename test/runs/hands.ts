import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hosts, image, namespace, neon, neonHost, nodes, tags } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { idsOf } from '../support/queue.ts'
import type { Id } from './cases.ts'

const by = promisify(execFile)

const kubectl = ({ dir }: Sandbox, ...words: readonly string[]) =>
  by('kubectl', ['--kubeconfig', join(dir, 'admin.kubeconfig'), '-n', namespace, ...words])
const psql = ({ urls }: Sandbox, sql: string) => by('psql', [urls.postgresDirect, '-Atc', sql])
const redisCli = ({ redis }: Sandbox, ...words: readonly string[]) =>
  by('redis-cli', ['-p', String(redis.port), ...words], { env: { ...process.env, REDISCLI_AUTH: planted.redisPassword } })
const ssh = ({ nodes: { configFile } }: Sandbox, alias: string, line: string) => by('ssh', ['-F', configFile, alias, line])
const curl = ({ urls, dir }: Sandbox, method: string, path: string, body?: object) =>
  by('curl', [
    ...['-sf', '--cacert', join(dir, 'ca.crt'), '-X', method, '-H', `authorization: Bearer ${planted.cloudflareToken}`],
    ...(body ? ['-H', 'content-type: application/json', '-d', JSON.stringify(body)] : []),
    urls.cloudflare + path,
  ])

/** What a hand finds: the world, the titles of the plan's steps, and what the case's world told. */
export interface Found {
  readonly world: Sandbox
  readonly titles: readonly string[]
  readonly values: Readonly<Record<string, string>>
}

export interface Hand {
  readonly id: Id
  /** After which step, from 0 or by its title, has been done; `begin`: before the first. */
  readonly after: number | RegExp | 'begin'
  /** By which program. */
  readonly by: string
  readonly act: (found: Found) => Promise<unknown>
  /** How the run may end. 8: undone, or in the way; 0: what it wanted is so, or the change is none of its business. */
  readonly codes: readonly number[]
  /** What it must then say. */
  readonly says?: string
}

const record = ({ cloudflare }: Sandbox) => cloudflare.state
/** The public name that a step is about. */
const nameIn = (title = ''): string => /^(?:Take|Lead) (\S+) (?:off|to)/.exec(title)?.[1] ?? ''
const recordOf = ({ cloudflare }: Sandbox, name: string, address: string): string =>
  cloudflare.state.records.find((one) => one.name === name && one.content === address)?.id ?? 'none'
const merge = (value: object) => ['--type=merge', '-p', JSON.stringify(value)]
const [, second] = nodes

/** Each step's object, changed in mid-run by somebody who does not know of it. */
export const hands: readonly Hand[] = [
  {
    id: 'db:switch-host',
    after: 0,
    by: 'kubectl sets DB_HOST back',
    act: ({ world }) =>
      kubectl(world, 'patch', 'configmap', 'honeydue-config', '--type=merge', '-p', JSON.stringify({ data: { DB_HOST: hosts.pooler } })),
    codes: [8],
    says: 'kubectl-patch',
  },
  {
    id: 'db:switch-host',
    after: 1,
    by: 'kubectl pauses the rollout of api',
    act: ({ world }) => kubectl(world, 'patch', 'deployment', 'api', '--type=merge', '-p', '{"spec":{"paused":true}}'),
    codes: [5, 8],
    says: 'its rollout is paused',
  },
  {
    id: 'deploy:restart',
    after: 0,
    by: 'kubectl scales the worker up in between',
    act: ({ world }) => kubectl(world, 'scale', 'deployment', 'worker', '--replicas=1'),
    codes: [0, 5, 8],
  },
  {
    id: 'edge:drain',
    after: 0,
    by: 'curl puts the first record back',
    act: ({ world, titles }) => {
      const { zone } = record(world)
      const name = nameIn(titles[0])
      return curl(world, 'POST', `/zones/${zone.id}/dns_records`, { type: 'A', name, content: '178.105.32.198', proxied: true, ttl: 1 })
    },
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'edge:drain',
    after: 0,
    by: 'curl removes another node of the next name',
    act: async ({ world, titles }) => {
      const { zone, records } = record(world)
      const name = nameIn(titles[1])
      for (const { id } of records.filter((one) => one.name === name && one.content !== '178.105.32.198'))
        await curl(world, 'DELETE', `/zones/${zone.id}/dns_records/${id}`)
    },
    codes: [8],
    says: 'what it changes is not as it was planned on',
  },
  {
    id: 'cache:invalidate',
    after: 0,
    by: 'redis-cli writes the second key anew',
    act: ({ world }) => redisCli(world, 'set', 'residence_ids_user:2', '[2]', 'ex', '299'),
    codes: [0],
  },
  {
    id: 'cache:invalidate',
    after: 0,
    by: 'redis-cli deletes the second key',
    act: ({ world }) => redisCli(world, 'del', 'residence_ids_user:2'),
    codes: [0],
  },
  {
    id: 'db:migrate',
    after: 0,
    by: 'psql adds the column that the next file adds',
    act: ({ world }) => psql(world, 'ALTER TABLE tasks ADD COLUMN IF NOT EXISTS notes text'),
    codes: [0, 4, 5, 8],
  },
  {
    id: 'cert:install',
    after: 0,
    by: 'kubectl takes the certificate out of the Secret',
    act: ({ world }) =>
      kubectl(world, 'patch', 'secret', 'cloudflare-origin-cert', '--type=merge', '-p', '{"data":{"tls.crt":"","tls.key":""}}'),
    codes: [8, 0],
  },
  {
    id: 'cache:policy',
    after: 0,
    by: 'redis-cli sets the policy back',
    act: ({ world }) => redisCli(world, 'config', 'set', 'maxmemory-policy', 'allkeys-random'),
    codes: [8],
    says: 'maxmemory-policy is allkeys-random',
  },
  {
    id: 'cert:rotate',
    after: /^Write a new key/,
    by: 'rm takes the new key away',
    act: ({ world }) => by('rm', [join(world.environment.checkout, 'deploy-k3s/secrets/cloudflare-origin.new.key')]),
    codes: [4, 8],
  },
  {
    id: 'cert:rotate',
    after: /^Replace both halves/,
    by: 'kubectl takes the new pair out of the Secret',
    act: ({ world }) => kubectl(world, 'patch', 'secret', 'cloudflare-origin-cert', ...merge({ data: { 'tls.crt': '', 'tls.key': '' } })),
    codes: [5, 8],
  },
  {
    id: 'config:apply',
    after: 'begin',
    by: 'kubectl sets another number of the budget',
    act: ({ world }) => kubectl(world, 'patch', 'poddisruptionbudget', 'api', ...merge({ spec: { minAvailable: 0 } })),
    codes: [8],
    says: 'kubectl-patch',
  },
  {
    id: 'config:set',
    after: 'begin',
    by: 'kubectl sets another value',
    act: ({ world }) => kubectl(world, 'patch', 'configmap', 'honeydue-config', ...merge({ data: { OTEL_TRACES_SAMPLER_ARG: '0.9' } })),
    codes: [8],
    says: 'kubectl-patch',
  },
  {
    id: 'db:bootstrap-goose',
    after: /^Mark /,
    by: 'psql deletes the mark',
    act: ({ world }) => psql(world, 'DELETE FROM goose_db_version WHERE version_id > 0'),
    codes: [4, 5, 8],
  },
  {
    id: 'db:recover-migration',
    after: 'begin',
    by: 'psql drops the invalid index',
    act: ({ world }) => psql(world, 'DROP INDEX IF EXISTS tasks_title'),
    codes: [0, 4, 5, 8],
  },
  {
    id: 'db:restore-point',
    after: 0,
    by: 'curl deletes the branch that was made',
    act: ({ world }) => {
      const made = world.neon.branches.find(({ name }) => name.startsWith('before-'))
      const address = world.environment.hostaddr[neonHost] ?? ''
      return by('curl', [
        ...['-sf', '--cacert', join(world.dir, 'ca.crt'), '--connect-to', `${neonHost}:443:${address}`, '-X', 'DELETE'],
        ...['-H', `authorization: Bearer ${planted.neonKey}`, `https://${neonHost}/api/v2/projects/${neon.project}/branches/${made?.id}`],
      ])
    },
    codes: [0, 8],
  },
  {
    id: 'db:unlock',
    after: 'begin',
    by: 'psql ends the backend',
    act: ({ world, values: { PID } }) => psql(world, `SELECT pg_terminate_backend(${PID})`),
    codes: [0, 8],
  },
  {
    id: 'deploy:image',
    after: 'begin',
    by: 'kubectl sets another image',
    act: ({ world }) => kubectl(world, 'set', 'image', 'deployment/admin', '*=ghcr.io/honeydue/honeydue-admin:other'),
    codes: [8],
  },
  {
    id: 'deploy:pause',
    after: 'begin',
    by: 'kubectl pauses it first',
    act: ({ world }) => kubectl(world, 'rollout', 'pause', 'deployment/api'),
    codes: [0],
  },
  {
    id: 'deploy:resume',
    after: 'begin',
    by: 'kubectl resumes it first',
    act: ({ world }) => kubectl(world, 'rollout', 'resume', 'deployment/web'),
    codes: [0],
  },
  {
    id: 'deploy:rollback',
    after: 'begin',
    by: 'kubectl sets another image',
    act: ({ world }) => kubectl(world, 'set', 'image', 'deployment/admin', '*=ghcr.io/honeydue/honeydue-admin:other'),
    codes: [8],
  },
  {
    id: 'deploy:scale',
    after: 'begin',
    by: 'kubectl scales it to another number',
    act: ({ world }) => kubectl(world, 'scale', 'deployment', 'web', '--replicas=4'),
    codes: [8],
  },
  {
    id: 'edge:purge',
    after: 0,
    by: 'curl purges everything',
    act: ({ world }) => curl(world, 'POST', `/zones/${record(world).zone.id}/purge_cache`, { purge_everything: true }),
    codes: [0],
  },
  {
    id: 'edge:restore',
    after: /^Lead /,
    by: 'curl removes the record that was added',
    act: ({ world, titles }) => {
      const name = nameIn(titles.find((title) => title.startsWith('Lead ')))
      return curl(world, 'DELETE', `/zones/${record(world).zone.id}/dns_records/${recordOf(world, name, second.address)}`)
    },
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'firewall:refresh',
    after: 0,
    by: 'ssh deletes the rule that was added',
    act: ({ world }) => {
      const rule = 'sudo ufw delete allow from 198.51.100.0/24 to any port 443 proto tcp'
      return ssh(world, 'hetzner1', rule)
    },
    codes: [8],
    says: '198.51.100.0/24',
  },
  {
    id: 'cluster:tidy',
    after: 'begin',
    by: 'kubectl deletes one of the pods',
    act: ({ world }) => kubectl(world, 'delete', 'pod', 'api-evicted-1', '--wait=false'),
    codes: [0],
  },
  {
    id: 'cluster:renew-certs',
    after: 'begin',
    by: 'ssh restarts k3s on one of them first',
    act: ({ world }) => ssh(world, second.alias, 'sudo -n systemctl restart k3s'),
    codes: [0],
  },
  {
    id: 'cluster:restore',
    after: 'begin',
    by: 'ssh stops k3s on one of them first',
    act: ({ world }) => ssh(world, second.alias, 'sudo -n systemctl stop k3s'),
    codes: [0],
  },
  {
    id: 'cluster:snapshot',
    after: 0,
    by: 'ssh deletes the snapshot that was just saved',
    act: ({ world, titles: [title = ''] }) =>
      ssh(world, title.split(' ').at(-1) ?? '', 'rm /var/lib/rancher/k3s/server/db/snapshots/on-demand-*'),
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'mail:test',
    after: 'begin',
    by: 'kubectl puts another password into the Secret',
    act: ({ world }) =>
      kubectl(world, 'patch', 'secret', 'honeydue-secrets', ...merge({ stringData: { EMAIL_HOST_PASSWORD: 'of-somebody-else' } })),
    codes: [0, 4, 8],
  },
  {
    id: 'registry:prune',
    after: 'begin',
    by: 'somebody takes one of the tags away in Gitea',
    act: async ({ world }) => world.registry.lacking.add(image('api', tags.autoMigrate)),
    codes: [0],
  },
  {
    id: 'storage:lifecycle',
    after: 'begin',
    by: 'the console sets another rule',
    act: async ({ world }) => {
      world.storage.rules = [{ prefix: 'exports/', hide: 90 }]
    },
    codes: [8],
  },
  {
    id: 'nodes:clean',
    after: 'begin',
    by: 'ssh prunes the images first',
    act: ({ world }) => ssh(world, second.alias, 'sudo -n k3s crictl rmi --prune'),
    codes: [0],
  },
  {
    id: 'nodes:drain',
    after: /^Cordon /,
    by: 'kubectl uncordons the node',
    act: ({ world }) => kubectl(world, 'uncordon', second.hostname),
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'nodes:reboot',
    after: /^Cordon /,
    by: 'kubectl uncordons the node',
    act: ({ world }) => kubectl(world, 'uncordon', second.hostname),
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'nodes:replace',
    after: /^Note what/,
    by: 'kubectl takes the note off its keeper',
    act: ({ world, values: { KEEPER = '' } }) => kubectl(world, 'annotate', 'node', KEEPER, 'honeydue.dev/before-replace-'),
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'redis:recover',
    after: /^Claim an empty volume/,
    by: 'kubectl annotates the pod template first',
    act: ({ world }) =>
      kubectl(
        world,
        '-n',
        'honeydue',
        'patch',
        'deployment',
        'redis',
        ...merge({ spec: { template: { metadata: { annotations: { by: 'hand' } } } } }),
      ),
    codes: [8],
  },
  {
    id: 'cluster:upgrade',
    after: /^Cordon /,
    by: 'kubectl uncordons the server',
    act: ({ world }) => kubectl(world, 'uncordon', second.hostname),
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'nodes:update',
    after: /^Cordon /,
    by: 'unattended-upgrades installs what is of security first',
    act: ({ world }) =>
      ssh(world, second.alias, 'sudo -n systemd-run --setenv=DEBIAN_FRONTEND=noninteractive apt-get -y --with-new-pkgs upgrade'),
    codes: [0, 8],
  },
  {
    id: 'access:revoke',
    after: 'begin',
    by: 'ssh takes the key off a node first',
    act: ({ world }) => ssh(world, second.alias, "sudo -n sed -i '/operator@laptop/d' /root/.ssh/authorized_keys"),
    codes: [0],
  },
  {
    id: 'kubeconfig:renew',
    after: 'begin',
    by: 'somebody gives the file another mode',
    act: async ({ world }) => chmod(join(world.dir, 'admin.kubeconfig'), 0o640),
    codes: [0, 8],
  },
  {
    id: 'observability:fix-token',
    after: 'begin',
    by: 'kubectl puts a third token into the Secret',
    act: ({ world }) =>
      kubectl(world, 'patch', 'secret', 'honeydue-secrets', ...merge({ stringData: { OBS_INGEST_TOKEN: 'of-somebody-else' } })),
    codes: [8],
  },
  {
    id: 'secrets:sync',
    after: 'begin',
    by: 'kubectl puts another value into the Secret',
    act: ({ world }) =>
      kubectl(world, 'patch', 'secret', 'honeydue-secrets', ...merge({ stringData: { FCM_SERVER_KEY: 'of-somebody-else' } })),
    codes: [8],
  },
  {
    id: 'secrets:rotate',
    after: 'begin',
    by: 'kubectl puts another password into the Secret',
    act: ({ world }) =>
      kubectl(world, 'patch', 'secret', 'honeydue-secrets', ...merge({ stringData: { REDIS_PASSWORD: 'of-somebody-else' } })),
    codes: [8],
  },
  {
    id: 'nodes:uncordon',
    after: 'begin',
    by: 'kubectl uncordons it first',
    act: ({ world }) => kubectl(world, 'uncordon', second.hostname),
    codes: [0],
  },
  {
    id: 'queue:drop',
    after: 'begin',
    by: 'redis-cli takes one of the jobs away',
    act: async ({ world }) => {
      const [id = ''] = idsOf(world.redis, 'archived')
      await redisCli(world, 'zrem', 'asynq:{default}:archived', id)
      return redisCli(world, 'del', `asynq:{default}:t:${id}`)
    },
    codes: [0],
  },
  {
    id: 'queue:retry',
    after: 'begin',
    by: 'redis-cli takes one of the jobs away',
    act: async ({ world }) => {
      const [id = ''] = idsOf(world.redis, 'archived')
      await redisCli(world, 'zrem', 'asynq:{default}:archived', id)
      return redisCli(world, 'del', `asynq:{default}:t:${id}`)
    },
    codes: [0, 4, 8],
  },
  {
    id: 'queue:pause',
    after: 'begin',
    by: 'redis-cli pauses it first',
    act: ({ world }) => redisCli(world, 'set', 'asynq:{default}:paused', '1700000001'),
    codes: [0],
  },
  {
    id: 'queue:resume',
    after: 'begin',
    by: 'redis-cli resumes it first',
    act: ({ world }) => redisCli(world, 'del', 'asynq:{default}:paused'),
    codes: [0],
  },
]
