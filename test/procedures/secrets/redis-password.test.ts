import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { isReady, podsOf } from '../../../src/lib/sandbox/kubernetes/controllers/objects.ts'
import { contextOf } from '../../support/context.ts'
import { ofRedis, underRequests } from '../../support/requests.ts'
import { liveValue, redisPassword, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ warmupPings: 2 })
const { systems } = useSystems(sandbox)
const input = { name: 'REDIS_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, source: true, own: true, accepts: [true, false], files: [] }
const planned = (more: object = {}) => prepare(rotate, { ...input, ...more }, systems(), contextOf(sandbox().environment))
const ran = (prepared: Awaited<ReturnType<typeof planned>>) => perform(prepared, runOf(systems(), rotate.needs))

const served = (act: () => Promise<unknown>) => underRequests(sandbox(), ofRedis(sandbox(), sandbox().redis.port), act)

test('under constant requests none is lost, and the old password is dead at the end', async () => {
  const { asked, lost } = await served(async () => expect((await ran(await planned())).trouble).toBeUndefined())
  expect(lost).toEqual([])
  expect(asked).toBeGreaterThan(100)
  expect(redisPassword(sandbox())).toEqual(done)
  console.info(`${asked} requests during a rotation, ${lost.length} lost`)
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
  expect(redisPassword(sandbox())).toEqual({ first: true, source: true, own: true, accepts: [true, true], files: [] })
}, 60_000)

test('a workload that does not come up with it stops the run, with both passwords alive', async () => {
  const prepared = await planned()
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'worker', namespace, (draft) => {
    const { template } = draft['spec'] as { template: { spec: { containers: { image: string }[] } } }
    template.spec.containers[0] = { ...template.spec.containers[0], image: 'gitea.treytartt.com/admin/honeydue-worker:none' }
  })
  const { lost } = await served(async () => expect((await ran(prepared)).trouble?.exitCode).toBe(5))
  expect(lost).toEqual([])
  expect(redisPassword(sandbox())).toMatchObject({ accepts: [true, true], files: ['new 600', 'old 600'] })
}, 120_000)

test('whoever was turned away since it began keeps the old one from going', async () => {
  const prepared = await planned()
  sandbox().redis.counters.refusals = { WRONGPASS: 3 }
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  const { trouble } = await perform(patient, runOf(systems(), rotate.needs))
  expect(trouble?.failed).toMatch(/Redis has refused 3 logins since this began/)
  expect(redisPassword(sandbox()).accepts).toEqual([true, true])
})

test('a Redis that its own probe would have killed is restarted by somebody first', async () => {
  const command = ['sh', '-c', 'redis-cli -a "$REDIS_PASSWORD" ping']
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'redis', namespace, (draft) => {
    const { template } = draft['spec'] as { template: { spec: { containers: object[] } } }
    template.spec.containers[0] = { ...template.spec.containers[0], livenessProbe: { exec: { command } } }
  })
  // Its pod is started anew for that.
  const pods = () => podsOf(sandbox().kubernetes.client, namespace).filter(({ metadata }) => metadata.name.startsWith('redis-'))
  await eventually(async () => pods().every((pod) => isReady(pod) && JSON.stringify(pod.spec).includes(JSON.stringify(command))))
  const { plan } = await planned()
  const gate = plan.steps.find(({ kind, type }) => kind === 'gate' && type === undefined)
  expect(gate?.ask).toContain('honeydue deploy:restart redis')
  expect(plan.steps.findIndex(({ type }) => type !== undefined)).toBeGreaterThan(plan.steps.indexOf(gate as never))
})

test('values come and go in files for their owner alone, and nothing else of them is left anywhere in the checkout', async () => {
  writeFileSync(join(sandbox().dir, 'given'), 'Given-By-Somebody-1\n', { mode: 0o600 })
  expect((await ran(await planned({ from: join(sandbox().dir, 'given') }))).trouble).toBeUndefined()
  expect(liveValue(sandbox(), 'REDIS_PASSWORD')).toBe('Given-By-Somebody-1')
  const { checkout } = sandbox().environment
  const holding = (value: string) =>
    readdirSync(checkout, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name), 'utf8').includes(value))
      .map((entry) => join(entry.parentPath, entry.name).slice(checkout.length + 1))
  expect(holding(planted.redisPassword)).toEqual([])
  expect(holding('Given-By-Somebody-1')).toEqual(['deploy-k3s/config.yaml'])
})
