import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Observation, View } from '../../src/lib/plan/report.ts'
import { viewOf } from '../../src/lib/reports/status.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
beforeAll(requireBuild)
// Runs of other tests are no last runs of this deployment.
const state = mkdtempSync(join(tmpdir(), 'honeydue-status-'))
afterAll(() => rmSync(state, { recursive: true, force: true }))

interface Told {
  readonly findings: readonly Observation[]
  readonly data: Readonly<Record<string, { readonly state: string }>>
}
const run = async () => {
  const { code, stdout } = await honeydue(['status', '--json', '--env', join(sandbox().dir, 'environment.yaml')], {
    env: { XDG_STATE_HOME: state },
  })
  return { code, ...(JSON.parse(stdout) as Told) }
}
const statesOf = ({ data }: Told) => Object.fromEntries(Object.entries(data).map(([id, { state }]) => [id, state]))
const wrongOf = ({ findings }: Told) => findings.filter(({ level }) => level === 'wrong').map(({ text }) => text)

test('well; a node away is one cause; an API that is away is one line for all that it hides; nothing at all is exit 9', async () => {
  const well = await run()
  // The nodes' disks are this machine's.
  expect({ ...statesOf(well), 'nodes:status': 'well' }).toEqual({
    'nodes:status': 'well',
    'cluster:health': 'well',
    'db:status': 'well',
    'db:migrations': 'well',
    'cache:status': 'well',
    'queue:status': 'well',
    'cert:status': 'well',
    'edge:status': 'well',
    'firewall:status': 'well',
    'config:diff': 'well',
    kubeconfig: 'well',
    'last run': 'none',
    lease: 'free',
  })

  await sandbox().nodes.setUp('hetzner2', false)
  const away = await run()
  expect(away.code).toBe(3)
  expect(wrongOf(away)).toEqual([
    // What customers feel has its own cure, and comes first.
    expect.stringMatching(/^edge: hetzner2 is in the round robin/),
    expect.stringMatching(/^nodes: (No answer from hetzner2 over SSH|hetzner2 is away)/),
    'database, certificate, firewall: nothing but what names hetzner2, which does not answer',
  ])
  expect(away.findings.find(({ text }) => text.startsWith('edge:'))?.next).toMatch(/honeydue edge:drain .*hetzner2/)

  sandbox().kubernetes.fail({ answer: 'reset' })
  const deaf = await run()
  expect(deaf.code).toBe(3)
  expect(wrongOf(deaf)).toContainEqual(
    expect.stringMatching(/^cluster, database, migrations, cache, job queue, configuration: not known\. The Kubernetes API/),
  )
  expect(statesOf(deaf)['db:status']).toBe('not known')
})

test('a second scheduler and a database that is not there are each a line with what is to be typed; what else a part has is counted', async () => {
  const { kubernetes, redis } = sandbox()
  const second = new AbortController()
  redis.work('worker-2', second.signal, false)
  kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', 'honeydue', (draft) => {
    draft.data = { ...(draft.data as object), DEBUG: 'true', POSTGRES_DB: 'honeydeu' }
  })
  const { code, findings } = await run()
  second.abort()
  expect(code).toBe(3)
  const told = findings.map(({ text, next = '' }) => `${text} → ${next}`)
  expect(told).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^job queue: 2 schedulers live .* → honeydue deploy:scale .*worker --replicas 1$/),
      expect.stringMatching(/^cluster: 2 schedulers live .* \(and 2 more\)/),
      expect.stringMatching(/^database: The pooler endpoint, .* … the name is case-sensitive, honeyDue, not honeydue/),
      expect.stringMatching(/^migrations: not known\. .* has no database "honeydeu"/),
    ]),
  )
})

const view = (findings: readonly Observation[], more: Partial<View> = {}): View => ({ findings, tables: [], data: { nodes: [] }, ...more })

test('what is not known is never well, and where nothing answers the exit code is 9', () => {
  const nothing = viewOf([
    { what: 'nodes', command: 'nodes:status', view: view([], { unreachable: true }) },
    { what: 'edge', command: 'edge:status', because: 'no answer within 10 s' },
  ])
  expect(nothing.unreachable).toBe(true)
  expect(nothing.findings.map(({ text }) => text)).toEqual(['nodes: nothing of it answers', 'edge: not known. no answer within 10 s'])
  expect(nothing.findings[1]?.next).toBe('honeydue edge:status')
  const expired = { what: 'cluster', command: 'cluster:health', because: 'answered 401', next: 'honeydue kubeconfig:renew' }
  expect(viewOf([expired]).findings).toEqual([{ level: 'wrong', text: 'cluster: not known. answered 401', next: expired.next }])
  expect(viewOf([{ what: 'edge', command: 'edge:status', view: view([]) }])).toMatchObject({ findings: [], unreachable: false })
})

test('without a quorum there is one cause: what customers feel stands beside it, and all else is behind it', () => {
  const away = ['hetzner2', 'hetzner3'].map((alias) => ({ alias, host: { answered: false } }))
  const cause = {
    level: 'wrong',
    text: 'hetzner2 and hetzner3 do not answer: etcd needs 2 of 3 nodes',
    next: 'honeydue cluster:etcd',
  } as const
  const led = { level: 'wrong', text: 'hetzner2 is in the round robin', next: 'honeydue edge:drain hetzner2' } as const
  const { findings } = viewOf([
    { what: 'nodes', command: 'nodes:status', view: view([cause], { data: { nodes: away } }) },
    { what: 'database', command: 'db:status', because: 'etcdserver: request timed out' },
    { what: 'cache', command: 'cache:status', because: 'no answer within 10 s' },
    { what: 'edge', command: 'edge:status', view: view([led]) },
    { what: 'firewall', command: 'firewall:status', view: view([{ level: 'warning', text: 'port 80 is open' }]) },
  ])
  expect(findings.map(({ text, next }) => [text, next])).toEqual([
    [`nodes: ${cause.text}`, cause.next],
    ['edge: hetzner2 is in the round robin', led.next],
    ['database, cache: not known, or wrong for the same cause', undefined],
    ['firewall: port 80 is open', undefined],
  ])
})

test('a finding of its own keeps its line, also where it names a node that is away', () => {
  const nodes = {
    what: 'nodes',
    command: 'nodes:status',
    view: view([], { data: { nodes: [{ alias: 'hetzner2', host: { answered: false } }] } }),
  }
  const of = (text: string) =>
    viewOf([nodes, { what: 'certificate', command: 'cert:status', view: view([{ level: 'wrong', text }]) }]).findings.map((one) => one.text)
  expect(of('hetzner2 was not asked')).toEqual(['certificate: nothing but what names hetzner2, which does not answer'])
  expect(of('hetzner21 has another certificate')).toEqual(['certificate: hetzner21 has another certificate'])
})
