import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import { image as deployImage } from '../../../src/lib/procedures/deploy/image.ts'
import { deployStatus } from '../../../src/lib/reports/deploy/status.ts'
import { tags } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { differingNodes } from '../../support/digest-worlds.ts'
import { patient } from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 1, terminate: 1 } })
const { systems } = useSystems(sandbox)
const context = () => contextOf(sandbox().environment)
const planned = (byDigest: boolean) => prepare(deployImage, { tag: tags.goose, only: ['web'], 'by-digest': byDigest }, systems(), context())
const status = async () => deployStatus.look({}, readersOf(systems(), deployStatus.needs), context())

test('two nodes keep what the third has anew: both digests are told, the tag is refused, and its content brings all to one', async () => {
  await differingNodes(sandbox())
  // The first answers of cold connections may be late: they are asked again.
  await expect
    .poll(async () => (await status()).findings, patient)
    .toEqual([
      {
        level: 'wrong',
        text: expect.stringMatching(
          /^web: 2 pods run sha256:\w{12}, 1 pod runs (sha256:\w{12}); the registry has \1 for 12b2f9d: the tag was pushed again/,
        ),
        next: 'honeydue deploy:image --tag 12b2f9d --only web --by-digest --dry-run',
      },
    ])
  const { tables } = await status()
  expect(tables[1]?.rows.filter(([name]) => name === 'web').map((row) => row[1])).toEqual(['2', '1'])
  const { blocked } = (await planned(false)).plan
  expect(JSON.stringify(blocked)).toMatch(/was pushed again: pods of web run sha256:.*--by-digest names the new one/)
  const { trouble } = await perform(await planned(true), runOf(systems(), deployImage.needs))
  expect(trouble).toBeUndefined()
  await expect.poll(async () => (await status()).findings, patient).toEqual([])
})
