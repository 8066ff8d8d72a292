import { expect, test } from 'vitest'
import { lastRotatedNote } from '../../../src/lib/notes.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { secretsLost } from '../../../src/lib/reports/secrets/lost.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const stored = { group: '', resource: 'secrets' }
const look = (holder?: string, since?: string) =>
  secretsLost.look({ holder, since }, readersOf(systems(), secretsLost.needs), contextOf(sandbox().environment))
const rows = async (holder?: string, since?: string) =>
  (await look(holder, since)).tables[0]?.rows.map(([, , key = '', , state = '']) => `${key} ${state}`)

const everything = [
  'POSTGRES_PASSWORD',
  'SECRET_KEY',
  '.dockerconfigjson',
  'EMAIL_HOST_PASSWORD',
  'tls.key',
  'apns_auth_key.p8',
  'FCM_SERVER_KEY',
  'OBS_INGEST_TOKEN',
  'REDIS_PASSWORD',
]

test('a workstation and every node have seen all of it, what opens most first', async () => {
  const wanted = everything.map((key) => `${key} not yet`)
  expect(await rows()).toEqual(wanted)
  expect(await rows('hetzner2')).toEqual(wanted)
  const { findings } = await look('hetzner2')
  expect(findings.map(({ level, next }) => [level, next])).toEqual([
    ['wrong', 'honeydue secrets:rotate POSTGRES_PASSWORD   # 1 of 9'],
    ['wrong', 'honeydue secrets:rotate SECRET_KEY   # 2 of 9'],
    ['wrong', 'honeydue secrets:rotate REGISTRY_PASSWORD   # 3 of 9'],
    ['wrong', 'honeydue secrets:rotate EMAIL_HOST_PASSWORD   # 4 of 9'],
    ['wrong', 'honeydue cert:rotate   # 5 of 9'],
    ['wrong', 'honeydue secrets:rotate apns_auth_key.p8   # 6 of 9'],
    ['wrong', 'honeydue secrets:rotate FCM_SERVER_KEY   # 7 of 9'],
    ['wrong', 'honeydue secrets:rotate OBS_INGEST_TOKEN   # 8 of 9'],
    ['wrong', 'honeydue secrets:rotate REDIS_PASSWORD   # 9 of 9'],
  ])
})

test('a workload has seen what its pods use, and no more', async () => {
  expect(await rows('redis')).toEqual(['.dockerconfigjson not yet', 'REDIS_PASSWORD not yet'])
  expect(await rows('admin')).toEqual(['.dockerconfigjson not yet'])
})

test('what was rotated since is said to be, and not what the note of the same Secret would say', async () => {
  const since = new Date(Date.now() - 60_000).toISOString().replace(/\.\d+Z$/, 'Z')
  const input = { name: 'SECRET_KEY', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
  const prepared = await prepare(rotate, input, systems(), contextOf(sandbox().environment))
  expect((await perform(prepared, runOf(systems(), rotate.needs))).trouble).toBeUndefined()
  // The day stands on the whole Secret now; the other keys have not changed.
  expect(sandbox().kubernetes.client.get(stored, 'honeydue-secrets', namespace)?.metadata.annotations?.[lastRotatedNote]).toBeDefined()
  const state = (key: string) => (key === 'SECRET_KEY' ? 'rotated' : 'not yet')
  expect(await rows('api', since)).toEqual(everything.filter((key) => key !== 'tls.key').map((key) => `${key} ${state(key)}`))
  const view = await look('api', since)
  expect(view.findings.map(({ text }) => text)).not.toContainEqual(expect.stringContaining('SECRET_KEY'))
  expect(view.notes?.[0]).toMatch(/^1 of 8 renewed since/)
})

test('it says with which line it goes on, from the moment at which it was asked first', async () => {
  const { notes = [] } = await look('api')
  const [, holder, since] = notes.map((note) => /honeydue secrets:lost --holder (\S+) --since (\S+)$/.exec(note)).find(Boolean) ?? []
  const input = { name: 'SECRET_KEY', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
  const prepared = await prepare(rotate, input, systems(), contextOf(sandbox().environment))
  expect((await perform(prepared, runOf(systems(), rotate.needs))).trouble).toBeUndefined()
  const { findings, notes: then = [] } = await look(holder, since)
  expect([holder, findings.length, then[0]]).toEqual(['api', 7, expect.stringMatching(/^1 of 8 renewed since/)])
  expect(findings[0]?.next).toBe('honeydue secrets:rotate POSTGRES_PASSWORD   # 1 of 7')
})

test('what somebody wrote since is not said to be a new one', async () => {
  const since = new Date(Date.now() - 60_000).toISOString().replace(/\.\d+Z$/, 'Z')
  sandbox().kubernetes.client.update(
    stored,
    'honeydue-apns-key',
    namespace,
    (draft) => {
      draft['data'] = { 'apns_auth_key.p8': Buffer.from('another').toString('base64') }
    },
    { manager: 'kubectl-edit' },
  )
  const { findings } = await look(undefined, since)
  expect(findings.map(({ text }) => text)).toContain('apns_auth_key.p8 was written since, and nobody noted that it is a new one')
})

test('a Secret with one key is noted by its day', async () => {
  sandbox().kubernetes.client.update(stored, 'honeydue-apns-key', namespace, (draft) => {
    draft.metadata.annotations = { [lastRotatedNote]: '2026-05-16' }
  })
  expect(await rows(undefined, '2026-05-16')).toContain('apns_auth_key.p8 rotated')
  expect(await rows(undefined, '2026-05-16T09:00Z')).toContain('apns_auth_key.p8 not yet')
})

test('who is not known, and what is no time, is refused', async () => {
  await expect(look('nobody')).rejects.toMatchObject({ exitCode: 2, likely: expect.stringContaining('workstation, hetzner1') })
  await expect(look(undefined, 'yesterday')).rejects.toMatchObject({ exitCode: 2 })
})
