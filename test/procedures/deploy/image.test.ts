import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { image as deployImage } from '../../../src/lib/procedures/deploy/image.ts'
import { image, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { inTransaction, jobBecomes, release, startJob } from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, jobs: true, speed: { ready: 1, terminate: 1 } })
const { systems } = useSystems(sandbox)
const tag = 'cccc001'
const planned = (only: readonly string[] = [], of = tag) =>
  prepare(deployImage, { tag: of, only, 'by-digest': false }, systems(), contextOf(sandbox().environment))
const blocked = async (only?: readonly string[], of?: string) => JSON.stringify((await planned(only, of)).plan.blocked)
const podsOf = (name: string) =>
  sandbox().kubernetes.client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': name } })

test('what is refused is told with its reason and with what cures it', async () => {
  const { registry } = sandbox()
  expect(await blocked(['web'], 'fffffff')).toContain('honeydue-web:fffffff is not in its registry')
  await release(sandbox(), tag, { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') })
  expect(await blocked(['api'])).toContain('000003_notes.sql of cccc001 has not run')
  registry.push(image('web', tag), { platforms: ['linux/arm64'] })
  expect(await blocked(['web'])).toContain('is for linux/arm64 alone; the nodes are linux/amd64')
  registry.trouble = 'reset'
  expect(await blocked(['web'])).toMatch(/whether .* is in its registry is not known: /)
})

test('an image that the schema is ahead of is left to deploy:rollback', async () => {
  await release(sandbox(), tag, {})
  await startJob(
    sandbox(),
    await release(sandbox(), 'cccc002', { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') }),
  )
  await jobBecomes(sandbox(), 'Complete')
  const said = await blocked()
  expect(said).toContain('the schema has version 3, which cccc001 does not know')
  expect(said).toContain('deploy:rollback says whether it can run on it')
})

test('a pod that does not start stops the run before the next workload, with its last words; of the old ones all serve', async () => {
  await release(sandbox(), tag, {})
  // Its configuration does not say for which platform it is: only its start can tell.
  sandbox().registry.push(image('api', tag), { platforms: [], plain: true })
  const { trouble, states } = await perform(await planned(), runOf(systems(), deployImage.needs))
  expect(trouble?.message).toContain('exec format error')
  expect(states[0]).toBe('unverified')
  expect(states.slice(1).every((state) => state === 'untouched')).toBe(true)
  expect(podsOf('api').filter((pod) => JSON.stringify(pod.spec).includes(image('api'))).length).toBe(3)
})

test('no two workers run at any moment', async () => {
  await release(sandbox(), tag, {})
  let most = 0
  const end = sandbox().kubernetes.client.watch(({ resource }) => {
    if (resource.resource === 'pods') most = Math.max(most, podsOf('worker').length)
  })
  const { trouble } = await perform(await planned(['worker']), runOf(systems(), deployImage.needs))
  end()
  expect(trouble).toBeUndefined()
  expect(most).toBe(1)
})
