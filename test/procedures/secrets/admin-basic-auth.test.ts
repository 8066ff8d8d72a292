import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { contextOf } from '../../support/context.ts'
import { adminBasicAuth, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { adminUser, secondLogin, useSandbox, withLogin } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { reloadMs: 5 } })
const { systems } = useSystems(sandbox)
const input = { name: 'admin-basic-auth', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const planned = (more: object = {}) => prepare(rotate, { ...input, ...more }, systems(), contextOf(sandbox().environment))
const status = async (password?: string) =>
  (
    await systems().http.read.get(
      'https://admin.myhoneydue.com/',
      password === undefined ? undefined : { user: adminUser, password: new Secret(password) },
    )
  ).status
const answers = () => Promise.all([status(), status(planted.adminPassword), status(planted.nextAdminPassword)])

test('Traefik lets the new one in and the old one no longer; who has no key of config.yaml is asked to change it by hand', async () => {
  const from = secondLogin(sandbox())
  await expect.poll(answers).toEqual([401, 200, 401])
  const asked: string[] = []
  const { trouble } = await perform(
    await planned({ from }),
    runOf(systems(), rotate.needs, {
      settle: async ({ ask }: { readonly ask: string }) => {
        asked.push(ask)
        // The one place where a made one can be read.
        expect(readFileSync(join(sandbox().environment.checkout, 'deploy-k3s/secrets/admin-basic-auth.new'), 'utf8')).toBe(
          planted.nextAdminPassword,
        )
        return true
      },
    }),
  )
  expect([trouble, asked.length]).toEqual([undefined, 1])
  expect(adminBasicAuth(sandbox())).toEqual({ first: false, second: true, lines: 1, source: [false, false], files: [] })
  expect(await answers()).toEqual([401, 401, 200])
})

test('without a file, one is made, and the user stays', async () => {
  withLogin(sandbox())
  await expect.poll(answers).toEqual([401, 200, 401])
  const prepared = await planned()
  let made = ''
  const settle = async () => {
    made = readFileSync(join(sandbox().environment.checkout, 'deploy-k3s/secrets/admin-basic-auth.new'), 'utf8')
    return true
  }
  expect((await perform(prepared, runOf(systems(), rotate.needs, { settle }))).trouble).toBeUndefined()
  expect(await status(made)).toBe(200)
})

test('taken back, the old line stands there again', async () => {
  const more = { from: secondLogin(sandbox()), 'keep-old': true }
  await expect.poll(answers).toEqual([401, 200, 401])
  const prepared = await planned(more)
  const { states, trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  expect(trouble).toBeUndefined()
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, async () => (await planned(more)).plan)).toEqual([])
  expect(adminBasicAuth(sandbox())).toMatchObject({ first: true, second: false, files: [] })
  await expect.poll(answers).toEqual([401, 200, 401])
})

test.each([
  ['two users', { users: `${adminUser}:$apr1$x$y\nother:$apr1$x$y\n` }, /has 2 users/],
  ['two keys', { users: `${adminUser}:$apr1$x$y\n`, auth: 'x' }, /has 2 keys/],
])('%s are not rotated: which it is about nobody says', async (_, data, because) => {
  withLogin(sandbox())
  sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'admin-basic-auth', namespace, (draft) => {
    draft['data'] = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
  })
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-no-login', likely: expect.stringMatching(because) })
})

test('where there is no such Secret, it is refused', async () => {
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-no-login' })
})
