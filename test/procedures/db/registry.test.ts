import { expect, test } from 'vitest'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const planned = async (world: keyof typeof migrationWorlds) => {
  await migrationWorlds[world](sandbox())
  const { plan } = await prepare(migrate, { image: nextImage, rehearse: false }, systems(), contextOf(sandbox().environment))
  const said = JSON.stringify(plan)
  expect(plantedValues.filter((value) => said.includes(value))).toEqual([])
  return { blocked: plan.blocked, unknown: plan.beyond.filter((line) => line.includes('registry')) }
}
const unknown = `Whether ${nextImage} is in its registry is not known: The registry gitea.treytartt.com`

test('an image that is in its registry is not spoken of', async () => {
  expect(await planned('two files pending')).toEqual({ blocked: [], unknown: [] })
})

test('an image that was never pushed is refused', async () => {
  expect(await planned('two files pending, in an image that was never pushed')).toEqual({
    blocked: [`${nextImage} is not in its registry: push it, or name another with --image`],
    unknown: [],
  })
})

test('a registry that does not answer stops nothing, and the plan says that it was not asked', async () => {
  expect(await planned('two files pending, and no registry')).toEqual({
    blocked: [],
    unknown: [expect.stringContaining(`${unknown} does not answer: the connection was cut`)],
  })
})

test('so does a pull secret that is not accepted', async () => {
  expect(await planned('two files pending, and a pull secret that is not accepted')).toEqual({
    blocked: [],
    unknown: [expect.stringContaining(`${unknown} answered 401: the credentials of the pull secret are not accepted`)],
  })
})
