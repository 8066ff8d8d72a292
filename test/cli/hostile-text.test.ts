import { join } from 'node:path'
import { Chalk } from 'chalk'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { renderTrouble } from '../../src/lib/cli/render.ts'
import { renderPlan } from '../../src/lib/cli/render-plan.ts'
import { renderView } from '../../src/lib/cli/render-view.ts'
import { jsonText } from '../../src/lib/cli/shown.ts'
import { Trouble } from '../../src/lib/errors.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import { type AnyProcedure, procedures } from '../../src/lib/procedures/index.ts'
import { type AnyReport, reports } from '../../src/lib/reports/index.ts'
import { hosts, namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { workload } from '../../src/lib/sandbox/deployment/workload.ts'
import { aRecord } from '../../src/lib/sandbox/edge/api/state.ts'
import { contextOf } from '../support/context.ts'
import { hostile, rawControls } from '../support/hostile.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox({ speed: { ready: 50 } })
const { systems } = useSystems(sandbox)
const coloured = new Chalk({ level: 3 })

/** Somebody else's words wherever a system has room for some. */
const poison = async (): Promise<{ readonly pid: string; stop(): Promise<void> }> => {
  const { kubernetes, nodes: machines, cloudflare, redis, postgres } = sandbox()
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
  machines.node(nodes[2].alias).state.write('hostname', `${hostile}\n`)
  first.write('k3s-version', `${hostile}\n`)
  first.write('services/k3s', `${hostile}\n`)
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

const inputs: Readonly<Record<string, (pid: string) => object>> = {
  'cache:invalidate': () => ({ user: [], 'all-residence-ids': true, 'at-most': '10000' }),
  'db:switch-host': () => ({ to: 'direct' }),
  'db:unlock': (pid) => ({ pid }),
  'edge:drain': () => ({ node: nodes[1].alias }),
  'edge:restore': () => ({ node: nodes[1].alias }),
  'edge:purge': () => ({ url: ['https://api.myhoneydue.com/'], host: [], everything: false }),
  'firewall:refresh': () => ({ node: [] }),
}

const said = async (look: () => Promise<string>): Promise<string> =>
  look().catch((error: unknown) => {
    if (error instanceof Trouble) return renderTrouble(error, coloured)
    throw error
  })

/** The hostile text is in it, shown as what it is; of a name in small letters. */
const arrived = (text: string): boolean => /(?:x1b|u001b)\[9a/i.test(text)

test('no report and no plan lets a control character of anybody else through, in text or in JSON', async () => {
  const { pid, stop } = await poison()
  const context = contextOf(sandbox().environment)
  const seen: string[] = []
  for (const [id, load] of Object.entries(reports)) {
    const report: AnyReport = await load()
    const text = await said(async () => {
      const view = await report.look({} as never, readersOf(systems(), report.needs) as never, context)
      return renderView(view, coloured) + jsonText({ ...view })
    })
    expect([id, rawControls(text)]).toEqual([id, []])
    if (arrived(text)) seen.push(id)
  }
  for (const [id, load] of Object.entries(procedures)) {
    const procedure = (await load()) as unknown as AnyProcedure
    const text = await said(async () => {
      const { plan } = await prepare(procedure, (inputs[id]?.(pid) ?? {}) as never, systems(), context)
      return renderPlan(plan, coloured) + jsonText(plan)
    })
    expect([id, rawControls(text)]).toEqual([id, []])
    if (arrived(text)) seen.push(id)
  }
  await stop()
  // A test that nothing hostile reaches would pass with any border.
  expect(seen).toEqual(
    expect.arrayContaining(['cache:status', 'cluster:health', 'db:locks', 'edge:status', 'firewall:status', 'nodes:status', 'db:unlock']),
  )
}, 60_000)

test('and none through the program: streams, by-hand lines, progress and errors', async () => {
  const { pid, stop } = await poison()
  const at = ['--env', join(sandbox().dir, 'environment.yaml')]
  const runs = await Promise.all(
    [
      ['cluster:health', ...at],
      ['cluster:health', ...at, '--json'],
      ['db:unlock', '--pid', pid, ...at, '--by-hand'],
      ['firewall:refresh', ...at, '--by-hand'],
      ['edge:drain', `${hostile}`, ...at],
      [`${hostile}`],
      ['runbook:find', hostile],
      ['cache:status', `--${hostile}`],
      ['db:status', '--env', hostile],
    ].map((args) => honeydue(args, { env: { FORCE_COLOR: '1' } })),
  )
  for (const { stdout, stderr } of runs) expect(rawControls(stdout + stderr)).toEqual([])
  await stop()
}, 60_000)
