import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { lastRotatedNote } from '../../../src/lib/notes.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { secretsStatus } from '../../../src/lib/reports/secrets/status.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { adminKey, adminUser, secondLoginKept, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)
const stored = { group: '', resource: 'secrets' }
const base64 = (text: string) => Buffer.from(text).toString('base64')
const applied = 'kubectl.kubernetes.io/last-applied-configuration'

// A reset leaves this machine's token as it is.
beforeEach(() => writeFileSync(join(sandbox().dir, 'cloudflare-token'), planted.cloudflareToken))

const status = (environment = sandbox().environment) =>
  secretsStatus.look({}, readersOf(systems(), secretsStatus.needs), contextOf(environment))
const told = async () => (await status()).findings.map(({ level, text }) => `${level} ${text}`)
const inCheckout = ({ environment }: Sandbox, file: string) => join(environment.checkout, file)
const setKeys = ({ kubernetes }: Sandbox, values: Readonly<Record<string, string | undefined>>, manager = 'kubectl-edit') =>
  kubernetes.client.update(
    stored,
    'honeydue-secrets',
    namespace,
    (draft) => {
      const data = { ...(draft['data'] as Record<string, string>) }
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) delete data[key]
        else data[key] = base64(value)
      }
      draft['data'] = data
    },
    { manager },
  )
const note = ({ kubernetes }: Sandbox, annotations: Readonly<Record<string, string>>) =>
  kubernetes.client.update(stored, 'honeydue-secrets', namespace, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations }
  })
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

test('all is well: every key has its source, its users and what could be asked of it, and no value is in what is shown', async () => {
  note(sandbox(), { [lastRotatedNote]: daysAgo(30).slice(0, 10) })
  const view = await status()
  expect(view.findings).toEqual([])
  const rows = Object.fromEntries((view.tables[0]?.rows ?? []).map(([, key = '', ...rest]) => [key, rest]))
  expect(rows['REDIS_PASSWORD']).toEqual([expect.stringMatching(/^(29|30) d/), 'the same', 'api, redis, worker', 'yes'])
  expect(rows['POSTGRES_PASSWORD']?.[3]).toBe('yes')
  expect(rows['apns_auth_key.p8']?.slice(1)).toEqual(['the same', 'api, worker', 'yes'])
  expect(rows['.dockerconfigjson']?.slice(1)).toEqual(['the same', 'admin, api, redis, vmagent, web, worker', 'yes'])
  expect(rows['tls.key']?.slice(1)).toEqual(['the same', 'Traefik', ''])
  const text = JSON.stringify(view)
  for (const secret of [...plantedValues, 'PRIVATE KEY']) expect(text).not.toContain(secret)
})

/** Each world, and all that is told of it. */
const cases: Readonly<Record<string, { readonly arrange: (world: Sandbox) => unknown; readonly tells: readonly RegExp[] }>> = {
  'Redis and PostgreSQL have other passwords than the Secret': {
    arrange: async ({ redis, postgres }) => {
      redis.fail({ kind: 'wrong-password' })
      await postgres.query(`ALTER ROLE neondb_owner PASSWORD 'another-one'`)
    },
    tells: [
      /^wrong honeydue-secrets POSTGRES_PASSWORD does not work by PostgreSQL, pooler: /,
      /^wrong honeydue-secrets POSTGRES_PASSWORD does not work by PostgreSQL, direct: /,
      /^wrong honeydue-secrets REDIS_PASSWORD does not work by Redis: /,
    ],
  },
  'a Redis that does not answer says nothing of the password': {
    arrange: ({ redis }) => redis.fail({ kind: 'hangs-up' }),
    tells: [/^warning honeydue-secrets REDIS_PASSWORD could not be tried by Redis: /],
  },
  'Cloudflare refuses the token of this machine': {
    arrange: ({ dir }) => writeFileSync(join(dir, 'cloudflare-token'), 'x'.repeat(40)),
    tells: [/^wrong Cloudflare token does not work by Cloudflare: /],
  },
  'somebody edited the Secret, and no pod began since': {
    arrange: (world) => setKeys(world, { REDIS_PASSWORD: `${planted.redisPassword}`, SECRET_KEY: 'another-key' }),
    tells: [
      /^wrong 3 pods of Deployment api began before honeydue-secrets SECRET_KEY was last written, /,
      /^wrong 1 pod of Deployment worker began before honeydue-secrets SECRET_KEY was last written, /,
      /^wrong deploy-k3s\/secrets\/secret_key.txt is another value than honeydue-secrets SECRET_KEY: /,
    ],
  },
  'the sources: gone, without the key, open to all': {
    arrange: (world) => {
      rmSync(inCheckout(world, 'deploy-k3s/secrets/fcm_server_key.txt'))
      writeFileSync(inCheckout(world, 'deploy/prod.env'), 'DEBUG=false\n')
      chmodSync(inCheckout(world, 'deploy-k3s/secrets/secret_key.txt'), 0o644)
    },
    tells: [
      /^wrong The source of honeydue-secrets FCM_SERVER_KEY is not on this machine: deploy-k3s\/secrets\/fcm_server_key.txt$/,
      /^wrong deploy\/prod.env has no OBS_INGEST_TOKEN, the source of honeydue-secrets OBS_INGEST_TOKEN$/,
      /^wrong deploy-k3s\/secrets\/secret_key.txt can be read by others \(644\)$/,
    ],
  },
  'a line break at the end of a source is no other value': {
    arrange: (world) => writeFileSync(inCheckout(world, 'deploy-k3s/secrets/secret_key.txt'), `${planted.secretKey}\n`),
    tells: [],
  },
  'old values that kubectl apply has left': {
    arrange: (world) => note(world, { [applied]: JSON.stringify({ data: { SECRET_KEY: base64('old one'), GONE: base64('x') } }) }),
    tells: [/^wrong last-applied-configuration of honeydue-secrets still has old values: SECRET_KEY, GONE$/],
  },
  'present values that kubectl apply has left, in clear': {
    arrange: (world) => note(world, { [applied]: JSON.stringify({ stringData: { SECRET_KEY: planted.secretKey } }) }),
    tells: [/^warning last-applied-configuration of honeydue-secrets has the values of SECRET_KEY$/],
  },
  'more than a year, but for the key that we wrote since': {
    arrange: (world) => {
      note(world, { [lastRotatedNote]: daysAgo(400).slice(0, 10) })
      setKeys(world, { SECRET_KEY: 'new' }, 'honeydue.SECRET_KEY')
      writeFileSync(inCheckout(world, 'deploy-k3s/secrets/secret_key.txt'), 'new')
    },
    tells: [
      /^wrong honeydue-secrets was last rotated 400 d ago: EMAIL_HOST_PASSWORD, FCM_SERVER_KEY, OBS_INGEST_TOKEN, POSTGRES_PASSWORD, REDIS_PASSWORD$/,
    ],
  },
  'a key that nobody uses, and one that is gone': {
    arrange: (world) => setKeys(world, { UNUSED: 'something', FCM_SERVER_KEY: undefined }, 'kubectl-client-side-apply'),
    tells: [/^wrong The cluster has no honeydue-secrets FCM_SERVER_KEY, /, /^warning No pod uses honeydue-secrets UNUSED$/],
  },
}

test.for(Object.entries(cases))('%s', async ([, { arrange, tells }]) => {
  note(sandbox(), { [lastRotatedNote]: daysAgo(1).slice(0, 10) })
  await arrange(sandbox())
  await close()
  const found = await told()
  const untold = tells.filter((one) => !found.some((text) => one.test(text)))
  expect(untold, found.join('\n')).toEqual([])
  // What began before a key was written is told of each such key; of nothing else there is more than was arranged.
  const others = found.filter((text) => !tells.some((one) => one.test(text)) && !text.includes(' began before '))
  expect(others).toEqual([])
  for (const secret of plantedValues) expect(JSON.stringify(found)).not.toContain(secret)
})

test('what we write of one key is recorded of that key alone; of what kubectl apply writes, every key of it may be meant', async () => {
  const stale = async () => (await told()).filter((text) => text.includes('began before') && text.includes('Deployment api'))
  setKeys(sandbox(), { SECRET_KEY: 'new' }, 'honeydue.SECRET_KEY')
  expect(await stale()).toEqual([expect.stringContaining('SECRET_KEY')])
  setKeys(sandbox(), { FCM_SERVER_KEY: 'new' }, 'kubectl-client-side-apply')
  expect((await stale()).some((text) => text.includes('REDIS_PASSWORD'))).toBe(true)
})

test('the login of the admin panel is compared with what config.yaml has, by its hash, where the configuration says where that stands', async () => {
  const { environment, kubernetes } = sandbox()
  secondLoginKept(sandbox())
  const config = inCheckout(sandbox(), 'deploy-k3s/config.yaml')
  const login = async (sourceKey: string | undefined) => {
    await close()
    const basicAuth = { secret: 'admin-basic-auth', ...(sourceKey !== undefined && { sourceKey }) }
    const { tables, findings } = await status({ ...environment, basicAuth })
    const row = tables[0]?.rows.find(([name]) => name === 'admin-basic-auth')
    return [row?.[3], ...findings.filter(({ text }) => text.includes('admin-basic-auth')).map(({ text, next }) => `${text} → ${next}`)]
  }
  expect(await login(undefined)).toEqual(['?'])
  expect(await login(adminKey)).toEqual(['the same'])
  expect(await login('sandbox_admin.gone')).toEqual([
    'missing',
    expect.stringMatching(/config.yaml has no sandbox_admin.gone, the source of admin-basic-auth users/),
  ])
  // Of a hash in another form nothing can be said, and nothing is.
  const line = `${adminUser}:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC`
  kubernetes.client.update(stored, 'admin-basic-auth', namespace, (draft) => {
    draft['data'] = { users: base64(line) }
  })
  expect(await login(adminKey)).toEqual(['not compared'])
  await sandbox().reset()
  secondLoginKept(sandbox())
  writeFileSync(config, readFileSync(config, 'utf8').replace(planted.adminPassword, 'Another-Password-1'))
  expect(await login(adminKey)).toEqual([
    'another',
    expect.stringMatching(
      /config.yaml sandbox_admin.password is another value than admin-basic-auth users: .* → honeydue secrets:rotate admin-basic-auth --dry-run$/,
    ),
  ])
})
