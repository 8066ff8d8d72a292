import { expect, test } from 'vitest'
import { Blocked } from '../../../src/lib/errors.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rollback } from '../../../src/lib/procedures/deploy/rollback.ts'
import { image, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { inTransaction, jobBecomes, patient, release, startJob } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 1, terminate: 1 } })
const { systems } = useSystems(sandbox)
const planned = async (to = '12b2f9d', ...workload: readonly string[]) =>
  (await prepare(rollback, { workload, to }, systems(), contextOf(sandbox().environment))).plan
const setImage = (name: string, of: string) =>
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => {
    const { template } = draft.spec as { readonly template: { readonly spec: { readonly containers: { image: string }[] } } }
    for (const container of template.spec.containers) container.image = of
  })
const ranOn = async (sql: string) => {
  const next = await release(sandbox(), 'cccc001', { '000003_change.sql': inTransaction(sql) })
  await startJob(sandbox(), next)
  await jobBecomes(sandbox(), 'Complete')
  setImage('api', next)
  const { client } = sandbox().kubernetes
  const images = () =>
    client
      .list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'api' } })
      .map(({ spec }) => JSON.stringify(spec).includes(next))
  await expect.poll(() => images().length === 3 && images().every(Boolean), patient).toBe(true)
}

test('a migration that took something away is named with its statement and table, and the way is forward', async () => {
  await ranOn('ALTER TABLE tasks ADD COLUMN name text;\nALTER TABLE tasks DROP COLUMN title;')
  const [said, ...more] = (await planned()).blocked
  expect(more).toEqual([])
  expect(said).toContain(
    '12b2f9d may fail on the schema of today: 000003_change.sql on tasks: ALTER TABLE tasks DROP COLUMN title: it drops the column title',
  )
  expect(said).toContain('The way on is forward')
  // The panel and the site do not touch the schema.
  setImage('web', image('web', 'cccc001'))
  expect((await planned('12b2f9d', 'web')).blocked.join()).not.toContain('schema')
})

test('one that only added is no obstacle, and what does not come back is said', async () => {
  await ranOn('CREATE TABLE notes (id int);\nALTER TABLE notes ADD COLUMN task int NOT NULL;\nALTER TABLE tasks ADD COLUMN notes text;')
  const plan = await planned()
  expect(plan.blocked).toEqual([])
  expect(plan.beyond.join('\n')).toContain('The schema stays ahead, at version 3, which only added')
  expect(plan.beyond.join('\n')).toContain('It does not bring back the ConfigMap, the Secrets or the schema, nor what is queued')
})

test('what nobody has the file of is not known to have only added', async () => {
  await sandbox().postgres.query('INSERT INTO goose_db_version (version_id, is_applied) VALUES (9, true)')
  await release(sandbox(), 'cccc001', {})
  setImage('api', image('api', 'cccc001'))
  expect((await planned()).blocked.join()).toContain('what version 9 did to the schema is not known')
})

test('a revision that is not kept is refused with those that are', async () => {
  await expect(planned('7', 'web')).rejects.toBeInstanceOf(Blocked)
  await expect(planned('7', 'web')).rejects.toMatchObject({ likely: 'It keeps 1' })
})
