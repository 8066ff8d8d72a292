import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { ContractCase } from '../../contract/contract.ts'
import { codeOf, type Open, withClients } from '../../contract/postgres/world.ts'
import { redisClient } from '../../contract/redis/world.ts'
import { type Deployment, type Ended, honeydue, overlay, rotate } from './world.ts'

/** What must not differ: the exit code, the error's code, what was found, without numbers that are new each time. */
const said = ({ code, document: { error, findings } }: Ended) => ({
  code,
  ...(error && { error: error.code }),
  ...(findings && { findings: findings.map(({ text }) => plain(text)) }),
})
const plain = (text: string): string => text.replace(/\b(pid|backend) \d+/g, '$1 N').replace(/SHA256:\S+/g, 'SHA256')

const ask = (world: Deployment, ...words: readonly string[]) => honeydue(world.environmentFile, ...words)
const keysOf = async (world: Deployment): Promise<number> => {
  const redis = redisClient(world.redis, planted.redisPassword)
  try {
    return await redis.dbsize()
  } finally {
    redis.disconnect()
  }
}
const refusal = (code: number, error: string) => ({ code, error })

interface NodeDocument {
  readonly alias: string
  readonly host: Readonly<Record<string, unknown>> & { readonly answered: boolean; readonly error?: { readonly code: string } }
}

/** What each node tells of itself and no load of this machine changes, or why it told nothing. */
const nodesOf = ({ document }: Ended) =>
  ((document.data?.['nodes'] ?? []) as readonly NodeDocument[]).map(({ alias, host }) =>
    host.answered
      ? { alias, hostname: host['hostname'], k3s: host['k3sService'], firewall: host['firewall'] }
      : { alias, error: host.error?.code },
  )
const up = (alias: string, suffix: number) => ({ alias, hostname: `ubuntu-8gb-nbg1-${suffix}`, k3s: 'active', firewall: { active: true } })

const nodeCases: readonly ContractCase<Deployment>[] = [
  {
    name: 'nodes:status: three nodes',
    expected: [up('hetzner1', 2), up('hetzner2', 1), up('hetzner3', 3)],
    give: async (world) => nodesOf(await ask(world, 'nodes:status')),
  },
  {
    name: 'nodes:status: one is down, one shows another host key',
    expected: {
      code: 3,
      nodes: [up('hetzner1', 2), { alias: 'hetzner2', error: 'ssh-unreachable' }, { alias: 'hetzner3', error: 'ssh-changed-host-key' }],
    },
    give: async (world) => {
      await Promise.all([world.ssh.down('hetzner2'), world.ssh.otherKey('hetzner3')])
      const ended = await ask(world, 'nodes:status')
      return { code: ended.code, nodes: nodesOf(ended) }
    },
  },
]

const invalidate = ['cache:invalidate', '--user', '7'] as const
const everyone = ['cache:invalidate', '--all-residence-ids', '--confirm', 'residence_ids_user:*'] as const

const cacheCases: readonly ContractCase<Deployment>[] = [
  {
    name: 'cache:status',
    expected: { code: 0, findings: ['allkeys-lru may evict queued jobs: cache and asynq share this Redis'] },
    give: async (world) => said(await ask(world, 'cache:status')),
  },
  {
    name: 'cache:invalidate: one user, then nothing is left to do',
    expected: { first: ['done'], second: ['already'], keys: 41 },
    give: async (world) => {
      const first = await ask(world, ...invalidate)
      const second = await ask(world, ...invalidate)
      return { first: first.document.states, second: second.document.states, keys: await keysOf(world) }
    },
  },
  {
    name: 'cache:invalidate: a dry run leaves every key',
    expected: { code: 0, keys: 42 },
    give: async (world) => ({ code: (await ask(world, ...invalidate, '--dry-run')).code, keys: await keysOf(world) }),
  },
  {
    name: 'cache:invalidate: every user, the queue stays',
    expected: { states: ['done'], keys: 2 },
    give: async (world) => ({ states: (await ask(world, ...everyone)).document.states, keys: await keysOf(world) }),
  },
  {
    name: 'cache:invalidate: Redis accepts and does not answer',
    expected: refusal(9, 'redis-silent'),
    give: async (world) => {
      await world.redis.freeze()
      return said(await ask(world, ...invalidate))
    },
  },
  {
    name: 'cache:invalidate: a read-only replica',
    expected: { ...refusal(3, 'checks-failed'), keys: 42 },
    give: async (world) => {
      await world.redis.becomeReplica()
      return { ...said(await ask(world, ...invalidate)), keys: await keysOf(world) }
    },
  },
  {
    name: 'cache:invalidate: the password was rotated without a restart',
    expected: { ...refusal(9, 'redis-credentials'), keys: 42 },
    give: async (world) => {
      rotate(world.kubernetes, 'REDIS_PASSWORD', 'another')
      return { ...said(await ask(world, ...invalidate)), keys: await keysOf(world) }
    },
  },
]

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

const databaseCases: readonly ContractCase<Deployment>[] = [
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
      rotate(world.kubernetes, 'POSTGRES_PASSWORD', 'another')
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

/** Each command's good path and its worst, over the program as it is built. */
export const deploymentCases: readonly ContractCase<Deployment>[] = [...nodeCases, ...cacheCases, ...databaseCases]
