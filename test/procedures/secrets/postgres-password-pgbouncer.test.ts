import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { contextOf } from '../../support/context.ts'
import { postgresPassword } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

// Neon's proxy answers a wrong password itself; PgBouncer 1.18 says 08P01 to that as to everything else.
const sandbox = useSandbox({ poolerRelease: '1.18' })
const { systems } = useSystems(sandbox)
const input = { name: 'POSTGRES_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const planned = () => prepare(rotate, input, systems(), contextOf(sandbox().environment))

test('a pooler with one code for all that it refuses is asked with the other password as well', async () => {
  expect((await perform(await planned(), runOf(systems(), rotate.needs))).trouble).toBeUndefined()
  expect(await postgresPassword(sandbox())).toEqual({ first: false, source: true, accepts: [true, false], files: [] })
})

test('where it lets neither in, that says nothing of the password, and nothing is changed', async () => {
  sandbox().postgres.behave('pooler', { answer: 'reset' })
  await expect(planned()).rejects.toMatchObject({ exitCode: 9 })
  expect(await postgresPassword(sandbox())).toMatchObject({ first: true, files: [] })
})
