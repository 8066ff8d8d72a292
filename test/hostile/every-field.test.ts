import { join } from 'node:path'
import { Chalk } from 'chalk'
import { beforeAll, expect, test } from 'vitest'
import { renderTrouble } from '../../src/lib/cli/render.ts'
import { renderBrief } from '../../src/lib/cli/render-brief.ts'
import { renderPlan } from '../../src/lib/cli/render-plan.ts'
import { renderView } from '../../src/lib/cli/render-view.ts'
import { jsonText } from '../../src/lib/cli/shown.ts'
import { Trouble } from '../../src/lib/errors.ts'
import type { Choices } from '../../src/lib/plan/choice.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import { type AnyProcedure, procedures } from '../../src/lib/procedures/index.ts'
import { type AnyReport, reports } from '../../src/lib/reports/index.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../support/context.ts'
import { hostile, rawControls } from '../support/hostile.ts'
import { poison } from '../support/poison.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox({ speed: { ready: 50 } })
const { systems } = useSystems(sandbox)
const coloured = new Chalk({ level: 3 })

const inputs: Readonly<Record<string, (pid: string) => object>> = {
  'access:revoke': () => ({ name: 'operator@laptop', holder: undefined, without: [] }),
  'cache:invalidate': () => ({ user: [], 'all-residence-ids': true, 'at-most': '10000' }),
  'cluster:tidy': () => ({}),
  'cache:policy': () => ({ to: 'volatile-lru' }),
  'cluster:upgrade': () => ({ to: 'v1.34.7+k3s1', within: 1000 }),
  'config:apply': () => ({ file: 'rbac.yaml' }),
  'config:set': () => ({ setting: 'OTEL_TRACES_SAMPLER_ARG=0.2', new: false }),
  'nodes:disk': () => ({ node: undefined }),
  'nodes:replace': () => ({ node: nodes[1].alias, address: undefined, provisioned: false }),
  'nodes:updates': () => ({ node: undefined }),
  diagnose: () => ({ symptom: [hostile] }),
  'db:recover-migration': () => ({ way: 'found', image: undefined }),
  'db:switch-host': () => ({ to: 'direct' }),
  'db:unlock': (pid) => ({ pid }),
  'deploy:image': () => ({ tag: 'cccc001', only: [], 'by-digest': false }),
  'deploy:pause': () => ({ workload: 'api' }),
  'secrets:sync': () => ({ only: [] }),
  'secrets:rotate': () => ({ name: 'REDIS_PASSWORD', soak: 0, 'keep-old': false, 'newer-than': 0 }),
  'deploy:restart': () => ({ workload: 'api', 'older-than': 0 }),
  'deploy:resume': () => ({ workload: 'api' }),
  'deploy:rollback': () => ({ workload: [], to: '12b2f9d' }),
  'deploy:scale': () => ({ workload: 'api', replicas: '4', 'remove-autoscaler': false }),
  'edge:drain': () => ({ node: nodes[1].alias }),
  'edge:restore': () => ({ node: nodes[1].alias }),
  'edge:purge': () => ({ url: ['https://api.myhoneydue.com/'], host: [], everything: false }),
  'firewall:refresh': () => ({ node: [] }),
  'kubeconfig:renew': () => ({ from: undefined }),
  'queue:drop': () => ({ id: [], type: 'email:send', state: 'archived', lost: false }),
  'cluster:renew-certs': () => ({ node: undefined }),
  'cluster:restore': () => ({ snapshot: undefined, 'own-data': true, 'others-off': false }),
  'cluster:snapshot': () => ({ name: undefined, 'newer-than': 3_600_000, 'token-kept': false }),
  'mail:test': () => ({ to: 'somebody@example.com', from: undefined }),
  'registry:prune': () => ({ last: '1' }),
  'storage:lifecycle': () => ({}),
  'nodes:clean': () => ({ node: nodes[1].alias }),
  'nodes:drain': () => ({ node: nodes[1].alias, within: 1000 }),
  'nodes:reboot': () => ({ node: nodes[1].alias, all: false, within: 1000, 'older-than': 60_000 }),
  'nodes:update': () => ({ node: nodes[1].alias, within: 1000 }),
  'nodes:uncordon': () => ({ node: nodes[1].alias }),
  'redis:recover': () => ({ node: nodes[1].alias }),
  'queue:pause': () => ({ queue: 'default' }),
  'queue:resume': () => ({ queue: 'default' }),
  'queue:retry': () => ({ id: [], type: 'email:send' }),
}

const said = async (look: () => Promise<string>): Promise<string> =>
  look().catch((error: unknown) => {
    if (error instanceof Trouble) return renderTrouble(error, coloured)
    throw error
  })

/** The hostile text is in it, shown as what it is; of a name in small letters. */
const arrived = (text: string): boolean => /(?:x1b|u001b)\[9a/i.test(text)

test('F3: no report and no plan lets a control character of anybody else through, in text or in JSON', async () => {
  const { pid, stop } = await poison(sandbox(), hostile)
  const context = contextOf(sandbox().environment)
  const seen: string[] = []
  for (const [id, load] of Object.entries(reports)) {
    const report: AnyReport = await load()
    const text = await said(async () => {
      const view = await report.look((inputs[id]?.(pid) ?? {}) as never, readersOf(systems(), report.needs) as never, context)
      return renderView(view, coloured) + jsonText({ ...view })
    })
    expect([id, rawControls(text)]).toEqual([id, []])
    if (arrived(text)) seen.push(id)
  }
  for (const [id, load] of Object.entries(procedures)) {
    const procedure = (await load()) as unknown as AnyProcedure
    const text = await said(async () => {
      const { plan } = await prepare(procedure, (inputs[id]?.(pid) ?? {}) as never, systems(), context)
      const brief = [80, Number.POSITIVE_INFINITY].flatMap((columns) => renderBrief(plan, coloured, { columns, rows: 21 }))
      return [renderPlan(plan, coloured), ...brief, jsonText(plan)].join('\n')
    })
    expect([id, rawControls(text)]).toEqual([id, []])
    if (arrived(text)) seen.push(id)
  }
  await stop()
  // A test that nothing hostile reaches would pass with any border.
  expect(seen).toEqual(
    expect.arrayContaining(['cache:status', 'cluster:health', 'db:locks', 'edge:status', 'firewall:status', 'nodes:status', 'db:unlock']),
  )
}, 300_000)

test('and none through the program: streams, by-hand lines, progress and errors', async () => {
  const { pid, stop } = await poison(sandbox(), hostile)
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

test('whatever has to be given something is given it', async () => {
  const all = await Promise.all(Object.entries({ ...procedures, ...reports }).map(async ([id, load]) => [id, await load()] as const))
  const needing = all.filter(([, { choices }]) => Object.values(choices as Choices).some(({ ask }) => ask !== undefined)).map(([id]) => id)
  expect(
    needing.filter((id) => inputs[id] === undefined),
    'a line of inputs is missing',
  ).toEqual([])
})
