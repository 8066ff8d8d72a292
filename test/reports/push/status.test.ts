import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderTables, renderView } from '../../../src/lib/cli/render-view.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { pushStatus } from '../../../src/lib/reports/push/status.ts'
import { apns, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)

const look = (environment: Environment = sandbox().environment, own = systems()) =>
  pushStatus.look({}, readersOf(own, pushStatus.needs), contextOf(environment))
const lines = (view: Awaited<ReturnType<typeof look>>) =>
  view.findings.map(({ level, text, next }) => `${level}: ${text}${next === undefined ? '' : ` → ${next}`}`)

test('all is well: topic, key and answer, and nothing secret is shown', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual([
    ['topic', 'com.myhoneydue.honeyDue'],
    ['apns_auth_key.p8', 'EC P-256'],
    ['APNs', 'key and topic accepted'],
    ['FCM', 'answers 404'],
    ['key of FCM', 'of no known form'],
  ])
  expect(
    Math.max(
      ...renderTables(view, paint(false))
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) expect(renderView(view, paint(false)) + JSON.stringify(view.data)).not.toContain(secret)
})

const config = ({ kubernetes }: Sandbox, values: Readonly<Record<string, string | undefined>>) =>
  kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft['data'] = Object.fromEntries(
      Object.entries({ ...(draft['data'] as object), ...values }).filter(([, value]) => value !== undefined),
    )
  })
const secret = ({ kubernetes }: Sandbox, name: string, key: string, value: string | undefined) =>
  kubernetes.client.update({ group: '', resource: 'secrets' }, name, namespace, (draft) => {
    const data = { ...(draft['data'] as Record<string, string>) }
    if (value === undefined) delete data[key]
    else data[key] = Buffer.from(value).toString('base64')
    draft['data'] = data
  })
const other = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** Each world, and all that is told of it. */
const cases: Readonly<Record<string, { readonly arrange: (world: Sandbox) => unknown; readonly tells: readonly RegExp[] }>> = {
  'the topic is another by one letter': {
    arrange: (world) => config(world, { APNS_TOPIC: 'com.myhoneydue.honeydue' }),
    tells: [
      /^wrong: APNS_TOPIC is com\.myhoneydue\.honeydue, and Apple knows the app as com\.myhoneydue\.honeyDue: no iPhone gets a notification → honeydue config:set APNS_TOPIC=com\.myhoneydue\.honeyDue$/,
    ],
  },
  'there is no topic': {
    arrange: (world) => config(world, { APNS_TOPIC: undefined }),
    tells: [
      /^wrong: APNS_TOPIC is not set, and Apple knows the app as .* → honeydue config:set/,
      /^wrong: The live configuration has no APNS_TOPIC: /,
    ],
  },
  'the key was revoked': {
    arrange: ({ apns: { keys } }) => keys.clear(),
    tells: [
      /^wrong: APNs at api\.push\.apple\.com refuses the key of honeydue-apns-key \(InvalidProviderToken\): it was revoked, .* → honeydue secrets:rotate apns_auth_key\.p8$/,
    ],
  },
  'its id is another': {
    arrange: (world) => config(world, { [apns.keyIdKey]: 'ANOTHER001' }),
    tells: [/^wrong: APNs at .* refuses the key of honeydue-apns-key \(InvalidProviderToken\)/],
  },
  'the key is of another form': {
    arrange: (world) => secret(world, 'honeydue-apns-key', 'apns_auth_key.p8', other()),
    tells: [
      /^wrong: apns_auth_key\.p8 in honeydue-apns-key is no EC P-256 key in PKCS #8 → honeydue secrets:sync --only apns_auth_key\.p8$/,
    ],
  },
  'there is no key': {
    arrange: (world) => secret(world, 'honeydue-apns-key', 'apns_auth_key.p8', undefined),
    tells: [/^wrong: Secret honeydue-apns-key has no apns_auth_key\.p8 → honeydue secrets:sync/],
  },
  'APNs looks at the device first': {
    arrange: (world) => {
      world.apns.trouble = 'first the device'
    },
    tells: [/^warning: What APNs says tells nothing of the key: it says the same to a key that nobody knows → honeydue push:status$/],
  },
  'APNs does not speak': {
    arrange: (world) => {
      world.apns.trouble = 'reset'
    },
    tells: [/^wrong: APNs at api\.push\.apple\.com does not answer/],
  },
  'FCM is away, and its key is gone': {
    arrange: (world) => {
      world.fcm.trouble = 'reset'
      secret(world, 'honeydue-secrets', 'FCM_SERVER_KEY', '')
    },
    tells: [
      /^wrong: FCM: fcm\.googleapis\.com does not answer/,
      /^wrong: Secret honeydue-secrets has no FCM_SERVER_KEY: no Android telephone gets a notification → honeydue secrets:sync --only FCM_SERVER_KEY$/,
    ],
  },
  'FCM has trouble of its own': {
    arrange: (world) => {
      world.fcm.trouble = 'server-error'
    },
    tells: [/^warning: FCM at fcm\.googleapis\.com answers 503: it has trouble of its own → honeydue providers$/],
  },
}

test.for(Object.entries(cases))('%s', async ([, { arrange, tells }]) => {
  await arrange(sandbox())
  const view = await look()
  const told = lines(view)
  expect(told.map((one, i) => (tells[i]?.test(one) ? 'as said' : one))).toEqual(tells.map(() => 'as said'))
  for (const value of plantedValues) expect(JSON.stringify([view.findings, view.data])).not.toContain(value)
})

test('where nobody said for whom to sign, Apple is asked with a key that nobody knows, and the topic is judged all the same', async () => {
  const { environment } = sandbox()
  const { keyIdKey: _, teamIdKey: __, ...less } = environment.apns
  config(sandbox(), { APNS_TOPIC: 'com.myhoneydue.honeydue' })
  const own = { ...environment, apns: less }
  const opened = openSystems(own, systemClock, new AbortController().signal)
  try {
    const view = await look(own, opened)
    expect(lines(view)).toEqual([
      expect.stringMatching(/^wrong: APNS_TOPIC is com\.myhoneydue\.honeydue, and Apple knows/),
      'warning: Whether Apple takes the key is not known: apns.keyIdKey and apns.teamIdKey are not in the configuration → honeydue config:explain',
    ])
    expect(view.tables[0]?.rows[2]).toEqual(['APNs', 'answers; the key was not tried'])
  } finally {
    await opened.close()
  }
})

test('what the next deploy would bring is told where it breaks what is right now', async () => {
  const own = systems()
  const readers = readersOf(own, pushStatus.needs)
  const checkout = { ...readers.checkout, text: async () => 'APNS_TOPIC=com.myhoneydue.honeydue\n' }
  const view = await pushStatus.look({}, { ...readers, checkout }, contextOf(sandbox().environment))
  expect(lines(view)).toEqual([
    'warning: deploy/prod.env says APNS_TOPIC=com.myhoneydue.honeydue: the next deploy may bring it → honeydue config:diff',
  ])
})
