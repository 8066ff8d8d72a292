import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gooseCommand, manifestDifferences } from '../../../src/lib/facts/db/migrate-manifest.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { addCommit, manifestFile } from '../../../src/lib/sandbox/deployment/repository.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { jobBecomes, startJob, versionsOf } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const planned = async (image = nextImage) =>
  (await prepare(migrate, { image, rehearse: false }, systems(), contextOf(sandbox().environment))).plan
const edit = async (from: string, to: string) => {
  const file = join(sandbox().environment.checkout, manifestFile)
  const text = (await readFile(file, 'utf8')).replace(from, to)
  await writeFile(file, text)
  return text
}

test('the command is shown, and a manifest of the working copy that is not the one at the tag is refused', async () => {
  await migrationWorlds['two files pending'](sandbox())
  const { blocked, beyond } = await planned()
  expect([blocked, beyond.join()]).toEqual([
    [],
    expect.stringMatching(/The Job runs: \/bin\/sh -c exec goose -dir migrations postgres .* up/),
  ])
  await edit('lock_timeout=5s" up', 'lock_timeout=5s" down-to 0')
  expect((await planned()).blocked.join()).toMatch(
    /job.yaml of the working copy is another one than at cccc001: spec.template.spec.containers.0.args.0: .* down-to 0", not .* up" \(git checkout cccc001 --/,
  )
  await edit('down-to 0', 'up')
  await edit('backoffLimit: 0', 'backoffLimit: 3')
  expect((await planned()).blocked.join()).toContain('spec.backoffLimit: 3, not 0')
})

test('a manifest that runs goose down is refused at its tag too, and the sandbox does not run it upwards', async () => {
  await migrationWorlds['two files pending'](sandbox())
  const text = await edit('lock_timeout=5s" up', 'lock_timeout=5s" down-to 0')
  const at = new Date().toISOString()
  await addCommit(sandbox().environment.checkout, { tag: 'cccc002', at, message: 'down', files: { [manifestFile]: text } })
  const { blocked } = await planned(nextImage.replace('cccc001', 'cccc002'))
  expect(blocked.join()).toMatch(/runs "goose down-to", not "goose up": \/bin\/sh -c exec goose/)
  await startJob(sandbox(), nextImage)
  await jobBecomes(sandbox(), 'Failed')
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2])
})

test.each([
  ['/bin/sh -c exec goose -dir migrations postgres "host=x dbname=up user=down" up', 'up'],
  ['goose -dir migrations postgres "$DSN" down-to 0', 'down-to'],
  ['/usr/local/bin/goose up-to 7', 'up-to'],
  ['sh -c "goose reset && goose up"', 'reset'],
  ['/app/migrate', undefined],
] as const)('what goose is told by %s', (words, command) => {
  expect(gooseCommand(words)).toBe(command)
})

test('differences name their place', () => {
  expect(manifestDifferences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }], c: 4 })).toEqual(['a.1.b: 2, not 3', 'c: nothing, not 4'])
  expect(manifestDifferences(undefined, { a: 1 })).toEqual(['all of it: nothing, not {"a":1}'])
})
