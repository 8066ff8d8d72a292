import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { storageStatus } from '../../../src/lib/reports/storage/status.ts'
import { storageHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)

const look = (upload = false, more: Partial<Environment> = {}) =>
  storageStatus.look({ upload }, readersOf(systems(), storageStatus.needs), contextOf({ ...sandbox().environment, ...more }))
const told = async (upload = false) =>
  (await look(upload)).findings.map(({ level, text, next }) => `${level}: ${text}${next === undefined ? '' : ` → ${next}`}`)
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

test('all is well, nothing is written, and no key is shown', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual([
    ['bucket', `honeyDueProd at ${storageHost}`],
    ['key', 'accepted'],
    ['clock', expect.stringMatching(/^[+-]?\d s$/)],
    ['under uploads/', '0 objects'],
    ['lifecycle there', 'hidden after 7 d, deleted after 1 d more'],
    ['uploads in parts', '0 unfinished'],
  ])
  expect(sandbox().storage.objects.size).toBe(0)
  const text = renderView(view, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) expect(text + JSON.stringify(view.data)).not.toContain(secret)
})

test('an upload that is asked for goes all the way, and nothing of it stays; a read-only environment tries none', async () => {
  const view = await look(true)
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows.at(-1)).toEqual(['presigned upload', 'upload done, read done, delete done'])
  expect(sandbox().storage.objects.size).toBe(0)
  sandbox().storage.without.add('write')
  expect((await look(true, { readonly: true })).findings.map(({ text }) => text)).toEqual([
    'No upload was tried: the environment sandbox is read-only',
  ])
})

/** Each world, and all that is told of it. */
const cases: Readonly<
  Record<string, { readonly arrange: (world: Sandbox) => unknown; readonly tells: readonly RegExp[]; readonly upload?: true }>
> = {
  'a cap is no matter of the key': {
    arrange: ({ storage }) => {
      storage.capped = true
    },
    tells: [/^wrong: .* answered 403 to: list uploads\/: a spending cap is reached: it is not a matter of the key; .* → raise the cap /],
  },
  'another key': {
    arrange: ({ storage }) => {
      storage.key = 'another'
    },
    tells: [/^wrong: .* the key is not accepted: .*SignatureDoesNotMatch: .* → honeydue config:explain$/],
  },
  'a key that may not look at rules and parts': {
    arrange: ({ storage }) => {
      storage.without.add('lifecycle').add('uploads')
    },
    tells: [
      /^warning: .* to: show the lifecycle rules: the key may not do this/,
      /^warning: .* to: list unfinished uploads: the key may not/,
    ],
  },
  'no rules at all': {
    arrange: ({ storage }) => {
      storage.rules = []
    },
    tells: [
      /^wrong: What is uploaded to uploads\/ is never hidden, never deleted; chapter 14 wants it hidden after 7 days, and deleted 1 day /,
    ],
  },
  'rules that are switched off, and of another prefix': {
    arrange: ({ storage }) => {
      storage.rules = [
        { prefix: 'uploads/', hide: 7, remove: 1, enabled: false },
        { prefix: 'uploads/tmp/', hide: 7, remove: 1 },
      ]
    },
    tells: [/^wrong: What is uploaded to uploads\/ is never hidden, never deleted; /],
  },
  'a rule that hides everything': {
    arrange: ({ storage }) => {
      storage.rules = [
        { prefix: 'uploads/', hide: 7, remove: 1 },
        { prefix: '', hide: 30 },
      ]
    },
    tells: [/^wrong: A lifecycle rule hides all of honeyDueProd after 30 days: what users keep goes too/],
  },
  'one rule that deletes what others hid anywhere does no harm': {
    arrange: ({ storage }) => {
      storage.rules = [
        { prefix: 'uploads/', hide: 7 },
        { prefix: '', remove: 1 },
      ]
    },
    tells: [],
  },
  'objects and parts that nothing takes away': {
    arrange: ({ storage }) => {
      for (const days of [1, 8, 10, 40]) storage.objects.set(`uploads/${days}`, { body: '', version: '1', modified: daysAgo(days) })
      storage.unfinished.push({ key: 'uploads/part', began: daysAgo(2) }, { key: 'uploads/now', began: daysAgo(0) })
    },
    tells: [
      /^warning: 2 objects under uploads\/ are older than 9 days: the lifecycle rules do not take them/,
      /^warning: 1 upload in parts began more than a day ago/,
    ],
  },
  'a clock that is off, and one that is too far off': {
    arrange: ({ storage }) => {
      storage.ahead = 7 * 60_000
    },
    tells: [/^warning: This machine's clock is 7 min behind the storage's: from 15 min on /],
  },
  'a clock that is too far off': {
    arrange: ({ storage }) => {
      storage.ahead = -20 * 60_000
    },
    tells: [
      /^wrong: .* more than a quarter of an hour apart; .* → date -u$/,
      /^wrong: This machine's clock is 20 min ahead of the storage's: /,
    ],
  },
  'a key that may not delete leaves something, and says what': {
    arrange: ({ storage }) => {
      storage.without.add('delete')
    },
    upload: true,
    tells: [
      /^wrong: What was uploaded cannot be deleted: .* the key may not do this; .*\. uploads\/honeydue-check-[\w-]+ stays until the lifecycle/,
    ],
  },
  'a key that may not write': {
    arrange: ({ storage }) => {
      storage.without.add('write')
    },
    upload: true,
    tells: [/^wrong: An upload by a presigned URL is refused: .* the key may not do this/],
  },
  'an upload that comes back otherwise': {
    arrange: ({ storage }) => {
      storage.trouble = 'other bytes'
    },
    upload: true,
    tells: [/^wrong: What was uploaded cannot be read: uploads\/honeydue-check-[\w-]+ came back with other bytes/],
  },
}

test.for(Object.entries(cases))('%s', async ([, { arrange, tells, upload = false }]) => {
  await arrange(sandbox())
  const found = await told(upload)
  expect(found).toHaveLength(tells.length)
  for (const [i, one] of tells.entries()) expect(found[i]).toMatch(one)
  for (const secret of plantedValues) expect(JSON.stringify(found)).not.toContain(secret)
})

test('a storage that is away is one line and exit 9; without a key its clock alone is asked', async () => {
  const { storage, environment } = sandbox()
  storage.trouble = 'reset'
  const away = await look(true)
  expect([away.unreachable, away.findings.map(({ text }) => text)]).toEqual([
    true,
    [expect.stringMatching(/does not answer: the connection was cut/), expect.stringMatching(/^An upload by a presigned URL is refused: /)],
  ])
  storage.trouble = 'none'
  const { key_command: _, ...without } = environment.storage
  const opened = openSystems({ ...environment, storage: without }, systemClock, new AbortController().signal)
  const view = await storageStatus.look({ upload: false }, readersOf(opened, storageStatus.needs), contextOf(environment))
  await opened.close()
  expect(view.unreachable).toBe(false)
  expect(view.findings.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    'warning: No key was tried: neither storage.idKey with storage.keyKey nor storage.key_command is in the configuration',
  ])
  expect(view.tables[0]?.rows.find(([name]) => name === 'key')).toEqual(['key', 'none here'])
})
