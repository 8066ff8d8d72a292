import { expect, test } from 'vitest'
import { imagesOf } from '../../src/lib/sandbox/deployment/images.ts'
import { git } from '../../src/lib/sandbox/deployment/repository.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()

test('the tags of the images are those that git names, packed or not; where no repository is, there is the first image', async () => {
  const { checkout } = sandbox().environment
  const named = async () => (await git(checkout, ['tag'])).split('\n').filter(Boolean).toSorted()
  const told = async () => (await imagesOf(checkout).tags()).toSorted()
  expect((await named()).length).toBeGreaterThan(1)
  expect(await told()).toEqual(await named())
  await git(checkout, ['pack-refs', '--all'])
  await git(checkout, ['tag', 'v1.2.3'])
  await git(checkout, ['tag', '-a', '-m', 'annotated', 'v1.2.4'])
  await git(checkout, ['pack-refs', '--all'])
  await git(checkout, ['tag', 'later'])
  expect(await named()).toContain('later')
  expect(await told()).toEqual(await named())
  expect(await imagesOf('/nonexistent').tags()).toEqual(['12b2f9d'])
})
