import { codeOf, type Open, withClients } from '../../contract/postgres/world.ts'
import { ask, type Case, refusal, said } from './say.ts'
import { honeydue, overlay, rotate } from './world.ts'

/** Takes an advisory lock through the pooler and leaves: nobody holds it any more, and the server connection does. */
const strand = async (open: Open): Promise<number> => {
  const locker = await open('pooler', { application_name: 'honeydue-api' })
  await locker.query('SELECT pg_advisory_lock(7351)')
  await locker.end()
  const watch = await open('direct')
  const { rows } = await watch.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 7351")
  await watch.end()
  return rows[0].pid
}
const isFree = async (open: Open): Promise<boolean> => {
  const watch = await open('direct')
  const { rows } = await watch.query('SELECT pg_try_advisory_lock(7351) AS got')
  await watch.end()
  return rows[0].got
}

/** db:locks, db:unlock and db:connections. */
export const lockCases: readonly Case[] = [
  { name: 'db:locks: none', expected: { code: 0, findings: [] }, give: async (world) => said(await ask(world, 'db:locks')) },
  {
    name: 'db:locks: one that was stranded on the pooler',
    expected: { code: 3, wrong: ['wrong'], named: true },
    give: (world) =>
      withClients(world.postgres, async (open) => {
        const pid = await strand(open)
        const { code, document } = await ask(world, 'db:locks')
        const findings = document.findings ?? []
        return { code, wrong: findings.map(({ level }) => level), named: findings.some(({ text }) => text.includes(String(pid))) }
      }),
  },
  {
    name: 'db:unlock: ends the one backend, and the lock is free',
    expected: { code: 0, states: ['done'], free: true },
    give: (world) =>
      withClients(world.postgres, async (open) => {
        const pid = String(await strand(open))
        const { code, document } = await ask(world, 'db:unlock', '--pid', pid, '--confirm', pid)
        return { code, states: document.states, free: await isFree(open) }
      }),
  },
  {
    name: 'db:unlock: a confirmation that names another backend',
    expected: { ...refusal(2, 'confirm-mismatch'), free: false },
    give: (world) =>
      withClients(world.postgres, async (open) => {
        const pid = String(await strand(open))
        return { ...said(await ask(world, 'db:unlock', '--pid', pid, '--confirm', '1')), free: await isFree(open) }
      }),
  },
  {
    name: 'db:unlock: a backend that is not there',
    expected: refusal(3, 'db-no-backend'),
    give: async (world) => said(await ask(world, 'db:unlock', '--pid', '1', '--confirm', '1')),
  },
  {
    name: 'db:locks: the password of the role is another',
    expected: refusal(9, 'postgres-password'),
    give: async (world) => {
      rotate(world, 'POSTGRES_PASSWORD', 'another')
      return said(await ask(world, 'db:locks'))
    },
  },
  {
    name: 'db:locks: a certificate that no known authority signed',
    expected: refusal(9, 'postgres-tls'),
    give: async (world) =>
      said(
        await honeydue(
          overlay(world.environmentFile, 'no-ca.yaml', () => ({ ca: undefined })),
          'db:locks',
        ),
      ),
  },
  {
    name: 'db:locks: the pooler where the direct endpoint should be',
    expected: refusal(3, 'db-not-direct'),
    give: async (world) => {
      const { direct, pooler } = world.postgres.places
      const swapped = overlay(world.environmentFile, 'swapped.yaml', ({ database }) => ({
        database: { ...(database as object), direct: pooler.name, pooler: direct.name },
      }))
      return said(await honeydue(swapped, 'db:locks'))
    },
  },
  {
    name: 'db:locks: no connection is left',
    expected: refusal(9, 'postgres-full'),
    give: async (world) => {
      const { admin, user } = world.postgres
      await admin(`ALTER ROLE ${user} CONNECTION LIMIT 0`)
      try {
        return said(await ask(world, 'db:locks'))
      } finally {
        await admin(`ALTER ROLE ${user} CONNECTION LIMIT -1`)
      }
    },
  },
  {
    name: 'db:connections: every connection of the pool is in a transaction',
    expected: { code: 0, late: 'no error' },
    give: (world) =>
      withClients(world.postgres, async (open) => {
        const holders = await Promise.all(Array.from({ length: 9 }, () => open('pooler', { application_name: 'honeydue-api' })))
        await Promise.all(holders.map((client) => client.query('BEGIN; SELECT 1')))
        const { code } = await ask(world, 'db:connections')
        return { code, late: await codeOf((await open('pooler')).query('SELECT 1')) }
      }),
  },
]
