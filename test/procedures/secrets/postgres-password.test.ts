import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { writtenBy } from '../../../src/lib/systems/postgres/role-password.ts'
import { changing } from '../../support/changing.ts'
import { contextOf } from '../../support/context.ts'
import { readyPods, underRequests } from '../../support/requests.ts'
import { liveValue, postgresPassword, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

// As many connections as requests come at once: a pod has no reason to open another one.
const sandbox = useSandbox({ warmupPings: 3 })
const { systems } = useSystems(sandbox)
const input = { name: 'POSTGRES_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const planned = (more: object = {}) => prepare(rotate, { ...input, ...more }, systems(), contextOf(sandbox().environment))
const ran = (prepared: Awaited<ReturnType<typeof planned>>) => perform(prepared, runOf(systems(), rotate.needs))
const ask = (pod: string) => sandbox().postgres.askAs(pod)
/** Once every pod of the sandbox has come back to its connections. */
const served = async (act: () => Promise<unknown>) => {
  await sandbox().postgres.start()
  const all = () => Promise.allSettled(apiPods().map(ask))
  await eventually(async () => (await all()).every(({ status }) => status === 'fulfilled'))
  return underRequests(sandbox(), ask, act)
}
/** What the pods of both workloads were started with. */
const startedWith = () =>
  ['api', 'worker']
    .flatMap((name) => readyPods(sandbox(), name))
    .map(({ metadata }) => sandbox().environmentOf(metadata.name)?.['POSTGRES_PASSWORD'])
const apiPods = () => readyPods(sandbox(), 'api').map(({ metadata }) => metadata.name)

test('under constant requests none is lost, though the first pools came to the end of their life in the middle', async () => {
  const { postgres } = sandbox()
  const first = apiPods()
  const over = new AbortController()
  // Beside the requests: one that waits for a login between the choice of its pod and its statement comes too late where the pod ends meanwhile.
  const watching = async (): Promise<boolean> => {
    while (!over.signal.aborted) {
      if (!(await postgres.accepts(planted.postgresPassword))) {
        postgres.endPools(first)
        return true
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return false
  }
  const { asked, lost } = await served(async () => {
    const ended = watching()
    const { trouble } = await ran(await planned()).finally(() => over.abort())
    expect([trouble, await ended]).toEqual([undefined, true])
  })
  expect(lost).toEqual([])
  expect(asked).toBeGreaterThan(100)
  expect(await postgresPassword(sandbox())).toEqual({ first: false, source: true, accepts: [true, false], files: [] })
  expect(new Set(startedWith())).toEqual(new Set([liveValue(sandbox(), 'POSTGRES_PASSWORD')]))
  console.info(`${asked} requests during a rotation of PostgreSQL's password, ${lost.length} lost`)
}, 60_000)

test('taken back under constant requests, none is lost, and everybody has the old one again', async () => {
  const { lost } = await served(async () => {
    const prepared = await planned({ 'keep-old': true })
    const { states, trouble } = await ran(prepared)
    expect(trouble).toBeUndefined()
    const replan = async () => (await planned({ 'keep-old': true })).plan
    expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  })
  expect(lost).toEqual([])
  expect(await postgresPassword(sandbox())).toEqual({ first: true, source: true, accepts: [true, true], files: [] })
  expect(new Set(startedWith())).toEqual(new Set([planted.postgresPassword]))
}, 60_000)

test('a workload that does not come up with it stops the run, with both values in their files', async () => {
  const prepared = await planned()
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'worker', namespace, (draft) => {
    const { template } = draft['spec'] as { template: { spec: { containers: { image: string }[] } } }
    template.spec.containers[0] = { ...template.spec.containers[0], image: 'gitea.treytartt.com/admin/honeydue-worker:none' }
  })
  expect((await ran(prepared)).trouble?.exitCode).toBe(5)
  expect(await postgresPassword(sandbox())).toMatchObject({ accepts: [true, false], files: ['new 600', 'old 600'] })
})

test('the server hears of the new password in no statement', async () => {
  const prepared = await planned()
  const { result, sent } = await changing(() => ran(prepared))
  expect(result.trouble).toBeUndefined()
  expect(sent.own.postgres).toEqual([expect.stringContaining('ALTER ROLE')])
  expect(JSON.stringify(sent)).not.toContain(liveValue(sandbox(), 'POSTGRES_PASSWORD'))
})

test('where the server refuses, no error quotes it, and nothing but the files of both values is left', async () => {
  await sandbox().postgres.query('ALTER DATABASE "honeyDue" SET default_transaction_read_only = on')
  const { trouble } = await ran(await planned())
  expect(trouble).toMatchObject({ exitCode: 4, likely: expect.stringMatching(/read-only transaction.*25006/) })
  const made = readFileSync(join(sandbox().environment.checkout, 'deploy-k3s/secrets/postgres_password.new'), 'utf8')
  expect(inspect(trouble, { depth: 20 })).not.toContain(made)
  expect(await postgresPassword(sandbox())).toEqual({ first: true, source: true, accepts: [true, true], files: ['new 600', 'old 600'] })
})

test('what writes a bound value down, and what does not', () => {
  const said = (settings: Readonly<Record<string, string>>) =>
    writtenBy(Object.entries(settings).map(([name, setting]) => ({ name, setting })))
  expect(said({ log_statement: 'ddl', log_min_duration_statement: '-1', log_parameter_max_length: '-1' })).toEqual([])
  expect(said({ log_statement: 'all', log_parameter_max_length: '-1' })).toEqual(['log_statement = all'])
  expect(said({ log_statement: 'all', log_parameter_max_length: '0' })).toEqual([])
  expect(said({ log_min_duration_statement: '0' })).toEqual(['log_min_duration_statement = 0'])
  expect(said({ log_min_duration_statement: '5000' })).toEqual([])
  expect(said({ log_transaction_sample_rate: '0.01' })).toEqual(['log_transaction_sample_rate = 0.01'])
  expect(said({ 'pg_stat_statements.track': 'all', 'pg_stat_statements.track_utility': 'on' })).toEqual(['pg_stat_statements.track = all'])
  expect(said({ 'pg_stat_statements.track': 'top' })).toEqual([])
})
