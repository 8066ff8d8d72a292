import { Client } from 'pg'
import { hosts, namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { workload } from '../../src/lib/sandbox/deployment/workload.ts'
import { aRecord } from '../../src/lib/sandbox/edge/api/state.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** Somebody else's words wherever a system has room for some. */
export const poison = async (sandbox: Sandbox, hostile: string): Promise<{ readonly pid: string; stop(): Promise<void> }> => {
  const { kubernetes, nodes: machines, cloudflare, redis, postgres } = sandbox
  const { client } = kubernetes
  const broken = workload({ name: 'broken', image: `gitea.treytartt.com/admin/${hostile}:nope`, pod: {} })
  ;(broken.spec as { template: { metadata: Record<string, unknown> } }).template.metadata['annotations'] = {
    'honeydue.test/crash': hostile,
  }
  client.create(broken)
  client.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'poison', namespace },
    type: 'Warning',
    reason: hostile,
    message: `${hostile}\nsecond line`,
    involvedObject: { kind: hostile, name: hostile, namespace },
    lastTimestamp: new Date().toISOString(),
    count: 3,
  })
  client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), [`EVIL_${'X'}`]: hostile }
  })
  const first = machines.node(nodes[0].alias).state
  first.write('k3s-version', `${hostile}\n`)
  // Both of one machine: etcd takes it for one that is away, and two away would leave no API server that answers.
  const { state: last } = machines.node(nodes[2].alias)
  last.write('hostname', `${hostile}\n`)
  last.write('services/k3s', `${hostile}\n`)
  first.write('ufw/rules4', `${first.read('ufw/rules4').trimEnd()}\nallow|in|tcp|198.51.100.0/24|443|any|${hostile.replaceAll('\r', '')}\n`)
  cloudflare.state.records = [
    ...cloudflare.state.records,
    aRecord(`${hostile}.myhoneydue.com`, nodes[0].address, '2026-01-01T00:00:00Z'),
    { ...aRecord('poison.myhoneydue.com', nodes[1].address, '2026-01-01T00:00:00Z'), comment: hostile, tags: [hostile] },
  ]
  for (const key of [`${hostile}:1`, hostile, `residence_ids_user:${hostile}`]) redis.store.set(key, hostile, 60_000)
  redis.store.put('asynq:queues', { type: 'set', members: new Set(['default', hostile]) } as never)
  const { port, user, database, password, ca } = postgres
  const session = new Client({
    host: '127.0.0.1',
    port,
    user,
    database,
    password,
    application_name: 'evil',
    ssl: { ca, servername: hosts.direct },
  })
  session.on('error', () => {})
  await session.connect()
  const { rows } = await session.query('SELECT pg_backend_pid()::text AS pid')
  await session.query(`SELECT pg_advisory_lock(99) /* ${hostile} */`)
  return { pid: rows[0].pid, stop: () => session.end() }
}
