import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { storage as facts, storageHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { type StorageOptions, storageSystem } from '../../../src/lib/systems/storage/storage.ts'
import type { ContractCase } from '../contract.ts'
import { key, type StorageWorld } from './world.ts'

type Case = ContractCase<StorageWorld>

type More = Partial<Omit<StorageOptions, 'key_command'>> & { readonly as?: string }

const reader = ({ hostaddr, caFile }: Pick<StorageWorld, 'hostaddr' | 'caFile'>, { as = key, ...more }: More = {}) =>
  storageSystem({
    hostaddr,
    caFile,
    endpoint: storageHost,
    region: facts.region,
    bucket: facts.bucket,
    key_command: ['echo', as],
    value: async () => undefined,
    clock: systemClock,
    timeout: 3000,
    ...more,
  }).read

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'an answer',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

const listing = (world: StorageWorld, more?: More) => codeOf(reader(world, more).list('uploads/'))

/** A clock that is so far ahead of this machine's. */
const ahead = (minutes: number) => ({ clock: { ...systemClock, now: () => new Date(Date.now() + minutes * 60_000) } })

const [id = ''] = key.split(':')
const prefix = 'uploads/'
const odd = `${prefix}a b+c(d)!'*/é~/`

/** What the CLI relies on of a storage that speaks S3. */
export const storageCases: readonly Case[] = [
  {
    name: 'an object goes there by a presigned URL, comes back, and is gone for good with its versions',
    expected: { steps: [{ what: 'upload' }, { what: 'read' }, { what: 'delete' }], kept: [] },
    give: async (world) => ({ steps: (await reader(world).roundTrip(prefix)).steps, kept: await world.kept() }),
  },
  {
    name: 'the same under a name that has to be encoded, in its path and in what is signed',
    expected: { steps: [{ what: 'upload' }, { what: 'read' }, { what: 'delete' }], kept: [] },
    give: async (world) => ({ steps: (await reader(world).roundTrip(odd)).steps, kept: await world.kept() }),
  },
  {
    name: 'a presigned URL of a wrong key is refused, and nothing is kept',
    expected: { steps: ['upload storage-credentials'], kept: [] },
    give: async (world) => {
      const { steps } = await reader(world, { as: `${id}:another` }).roundTrip(prefix)
      return {
        steps: steps.map(({ what, error }) => `${what} ${error instanceof Trouble ? error.code : String(error)}`),
        kept: await world.kept(),
      }
    },
  },
  {
    name: 'what is below a prefix: names in order, times, sizes, and nothing of another prefix',
    expected: [
      { key: `${prefix}<&>"é+ `, bytes: 0, isNew: true },
      { key: `${prefix}a`, bytes: 0, isNew: true },
    ],
    give: async (world) => {
      await world.fill([`${prefix}a`, 'other/b', `${prefix}<&>"é+ `])
      const { objects } = await reader(world).list(prefix)
      return objects.map(({ key: name, modified, bytes }) => ({
        key: name,
        bytes,
        isNew: Math.abs(Date.now() - modified.getTime()) < 60_000,
      }))
    },
  },
  {
    name: 'of more than a thousand objects the first thousand, and that there are more; of a thousand that there are not',
    expected: [
      { count: 1000, last: `${prefix}0999`, more: true },
      { count: 1000, last: `${prefix}0999`, more: false },
    ],
    give: async (world) => {
      const all = (count: number, below: string) => Array.from({ length: count }, (_, i) => `${below}${String(i).padStart(4, '0')}`)
      const told = async () => {
        const { objects, more } = await reader(world).list(prefix)
        return { count: objects.length, last: objects.at(-1)?.key, more }
      }
      await world.fill(all(1001, prefix))
      const first = await told()
      await world.reset()
      await world.fill(all(1000, prefix))
      return [first, await told()]
    },
  },
  {
    name: 'everything that it has, however many pages that is',
    expected: { objects: 2001, bytes: 0, more: false },
    give: async (world) => {
      await world.fill(Array.from({ length: 2001 }, (_, i) => `${i % 2 === 0 ? prefix : 'other/'}${i}`))
      return reader(world).used()
    },
  },
  {
    name: 'an upload in parts that nobody ended: shown as such, and in no list',
    expected: { unfinished: [{ key: `${prefix}half`, isNew: true }], listed: [] },
    give: async (world) => {
      await world.begin(`${prefix}half`)
      const read = reader(world)
      return {
        unfinished: (await read.unfinished()).map(({ key: name, began }) => ({
          key: name,
          isNew: Math.abs(Date.now() - began.getTime()) < 60_000,
        })),
        listed: (await read.list(prefix)).objects,
      }
    },
  },
  {
    name: 'a wrong key, and one that it does not know',
    expected: ['storage-credentials', 'storage-credentials'],
    give: async (world) => [await listing(world, { as: `${id}:another` }), await listing(world, { as: `another:${key.split(':')[1]}` })],
  },
  {
    name: 'a key that it knows, and that may not',
    expected: 'storage-forbidden',
    give: async (world) => listing(world, { as: await world.weak() }),
  },
  {
    name: 'a bucket that is not there, and another region',
    expected: ['storage-no-bucket', 'storage-region'],
    give: async (world) => [await listing(world, { bucket: 'honeydue-other' }), await listing(world, { region: 'us-west-004' })],
  },
  {
    name: 'a clock that is ten minutes off is let in, one that is twenty is not, either way',
    expected: ['an answer', 'an answer', 'storage-clock', 'storage-clock'],
    give: async (world) => {
      const said: string[] = []
      for (const minutes of [10, -10, 20, -20]) said.push(await listing(world, ahead(minutes)))
      return said
    },
  },
  {
    name: 'its clock is read without a key',
    expected: true,
    give: async (world) => {
      const { offsetMs, withinMs } = await reader(world, { as: 'nobody:nothing' }).clock()
      return Math.abs(offsetMs) <= withinMs + 1000
    },
  },
  {
    name: 'nothing listens',
    expected: 'storage-unreachable',
    give: ({ caFile }) => codeOf(reader({ caFile, hostaddr: { [storageHost]: '127.0.0.1:1' } }).list(prefix)),
  },
  {
    name: 'it accepts the connection and does not answer',
    expected: 'storage-silent',
    give: async (world) => {
      await world.silent()
      return listing(world, { timeout: 1000 })
    },
  },
  {
    name: 'a certificate that no known authority signed',
    expected: 'storage-tls',
    give: ({ hostaddr }) =>
      codeOf(
        storageSystem({
          hostaddr,
          endpoint: storageHost,
          region: facts.region,
          bucket: facts.bucket,
          key_command: ['echo', key],
          value: async () => undefined,
          clock: systemClock,
        }).read.list(prefix),
      ),
  },
]
