import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { count } from '../hostile/points.ts'
import { cases, type Id } from './cases.ts'
import { lost, useLane } from './lane.ts'

const { sandbox, arrange, start, wordsOf, until, journals, tidy } = useLane()
const by = promisify(execFile)

const kubectl = ({ dir }: Sandbox, ...words: readonly string[]) =>
  by('kubectl', ['--kubeconfig', join(dir, 'admin.kubeconfig'), '-n', namespace, ...words])
const psql = ({ urls }: Sandbox, sql: string) => by('psql', [urls.postgresDirect, '-Atc', sql])
const redisCli = ({ redis }: Sandbox, ...words: readonly string[]) =>
  by('redis-cli', ['-p', String(redis.port), ...words], { env: { ...process.env, REDISCLI_AUTH: planted.redisPassword } })
const curl = ({ urls, dir }: Sandbox, method: string, path: string, body?: object) =>
  by('curl', [
    ...['-sf', '--cacert', join(dir, 'ca.crt'), '-X', method, '-H', `authorization: Bearer ${planted.cloudflareToken}`],
    ...(body ? ['-H', 'content-type: application/json', '-d', JSON.stringify(body)] : []),
    urls.cloudflare + path,
  ])

interface Hand {
  readonly id: Id
  /** After which step, from 0, has been done. */
  readonly after: number
  /** By which program. */
  readonly by: string
  readonly act: (sandbox: Sandbox) => Promise<unknown>
  /** How the run may end. 8: undone, or in the way; 0: what it wanted is so, or the change is none of its business. */
  readonly codes: readonly number[]
  /** What it must then say. */
  readonly says?: string
}

const record = ({ cloudflare }: Sandbox) => cloudflare.state

/** Each step's object, changed in mid-run by somebody who does not know of it. */
const hands: readonly Hand[] = [
  {
    id: 'db:switch-host',
    after: 0,
    by: 'kubectl sets DB_HOST back',
    act: (world) =>
      kubectl(world, 'patch', 'configmap', 'honeydue-config', '--type=merge', '-p', JSON.stringify({ data: { DB_HOST: hosts.pooler } })),
    codes: [8],
    says: 'kubectl-patch',
  },
  {
    id: 'db:switch-host',
    after: 1,
    by: 'kubectl pauses the rollout of api',
    act: (world) => kubectl(world, 'patch', 'deployment', 'api', '--type=merge', '-p', '{"spec":{"paused":true}}'),
    codes: [5, 8],
    says: 'its rollout is paused',
  },
  {
    id: 'deploy:restart',
    after: 0,
    by: 'kubectl scales the worker up in between',
    act: (world) => kubectl(world, 'scale', 'deployment', 'worker', '--replicas=1'),
    codes: [0, 5, 8],
  },
  {
    id: 'edge:drain',
    after: 0,
    by: 'curl puts the first record back',
    act: async (world) => {
      const { zone, records } = record(world)
      const [first] = JSON.parse(journals()[0]?.text.split('\n')[0] ?? '{}').plan.steps as readonly { readonly title: string }[]
      const name = /^Take (\S+) off/.exec(first?.title ?? '')?.[1] ?? ''
      expect(records.some((one) => one.name === name)).toBe(true)
      return curl(world, 'POST', `/zones/${zone.id}/dns_records`, { type: 'A', name, content: '178.105.32.198', proxied: true, ttl: 1 })
    },
    codes: [8],
    says: 'undone since by somebody else',
  },
  {
    id: 'edge:drain',
    after: 0,
    by: 'curl removes another node of the next name',
    act: async (world) => {
      const { zone, records } = record(world)
      const steps = JSON.parse(journals()[0]?.text.split('\n')[0] ?? '{}').plan.steps as readonly { readonly title: string }[]
      const name = /^Take (\S+) off/.exec(steps[1]?.title ?? '')?.[1] ?? ''
      for (const { id } of records.filter((one) => one.name === name && one.content !== '178.105.32.198'))
        await curl(world, 'DELETE', `/zones/${zone.id}/dns_records/${id}`)
    },
    codes: [4, 8],
  },
  {
    id: 'cache:invalidate',
    after: 0,
    by: 'redis-cli writes the second key anew',
    act: (world) => redisCli(world, 'set', 'residence_ids_user:2', '[2]', 'ex', '299'),
    codes: [0],
  },
  {
    id: 'cache:invalidate',
    after: 0,
    by: 'redis-cli deletes the second key',
    act: (world) => redisCli(world, 'del', 'residence_ids_user:2'),
    codes: [0],
  },
  {
    id: 'db:migrate',
    after: 0,
    by: 'psql adds the column that the next file adds',
    act: (world) => psql(world, 'ALTER TABLE tasks ADD COLUMN IF NOT EXISTS notes text'),
    codes: [0, 4, 5, 8],
  },
  {
    id: 'cert:install',
    after: 0,
    by: 'kubectl takes the certificate out of the Secret',
    act: (world) =>
      kubectl(world, 'patch', 'secret', 'cloudflare-origin-cert', '--type=merge', '-p', '{"data":{"tls.crt":"","tls.key":""}}'),
    codes: [8, 0],
  },
]

test('each step’s object is changed in mid-run by somebody else', async ({ task }) => {
  const missed: string[] = []
  for (const { id, after, act, by: whose, codes, says } of hands) {
    const line = await wordsOf(id, await arrange(cases[id]))
    const child = start(line)
    const done = () => journals().some(({ lines }) => lines.some(({ type, step }) => type === 'result' && step === after))
    expect(await until(child, done), `${id}: step ${after} was done before: ${whose}`).toBe(true)
    child.process.kill('SIGSTOP')
    await act(sandbox())
    child.process.kill('SIGCONT')
    const ended = await child.ended
    const said = ended.said.replace(/\s+/g, ' ')
    const dishonest = ended.code !== 0 && said.includes('Done, and seen to hold')
    if (ended.code === null || !codes.includes(ended.code) || dishonest || (says !== undefined && !said.includes(says)) || !(await tidy(0)))
      missed.push(lost(`${id}: ${whose}`, ended))
  }
  count(task.meta, { of: 'foreign hands in mid-run: kubectl, redis-cli, psql, curl', tried: hands.length, lost: missed })
})
