import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { gooseTable, migrations, upOf } from '../../../src/lib/postgres-server/schema.ts'
import { hosts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import type { PostgresWorld } from '../../contract/postgres/world.ts'
import { type Place, redisClient } from '../../contract/redis/world.ts'
import { requireGoose } from '../goose/run.ts'
import { realSsh } from '../openssh/server.ts'
import { realPostgres } from '../postgres/servers.ts'
import { freePort } from '../processes.ts'
import { startRealRedis } from '../redis/server.ts'
import { databaseOf, gooseOf } from './pods.ts'
import { type Deployment, overlay } from './world.ts'

const schema = [...migrations.map(({ sql }) => upOf(sql)), gooseTable(migrations.map(({ version }) => version))].join('\n')

/** Two connections an api pod, not twenty, and no waiting for what only takes its time: the same in both. */
const options = { warmupPings: 2, speed: { ready: 20, terminate: 20, reloadMs: 20, keepAliveMs: 0 } } as const
const fewer = (values: Record<string, unknown>) => ({ warmup: { ...(values['warmup'] as object), pings: options.warmupPings } })

/** A few cached users beside a queue: the same in both. */
const fill = async (at: Place): Promise<void> => {
  const redis = redisClient(at, planted.redisPassword)
  try {
    const pipeline = redis.pipeline().flushall().config('RESETSTAT')
    for (let user = 1; user <= 40; user++) pipeline.set(`residence_ids_user:${user}`, `[${user}]`, 'EX', 300)
    await pipeline.sadd('asynq:queues', 'default').lpush('asynq:{default}:pending', 'a', 'b').exec()
  } finally {
    redis.disconnect()
  }
}

export const sandboxDeployment = async (): Promise<Deployment> => {
  const sandbox = await startSandbox({ ...options, postgres: true, poolerRelease: '1.18' })
  const { nodes, postgres, redis } = sandbox
  const { port, user, database, password, ca } = postgres
  const fault = (kind: 'changed-host-key' | 'silent' | 'no-sessions') => async (alias: string) => void (await nodes.fail(alias, kind))
  return {
    environmentFile: overlay(join(sandbox.dir, 'environment.yaml'), 'fewer.yaml', fewer),
    sandbox,
    ssh: {
      down: (alias) => nodes.setUp(alias, false),
      otherKey: fault('changed-host-key'),
      silent: fault('silent'),
      withoutSessions: fault('no-sessions'),
    },
    redis: {
      host: '127.0.0.1',
      port: redis.port,
      freeze: async () => void redis.fail({ kind: 'silent' }),
      becomeReplica: async () => void redis.fail({ kind: 'read-only' }),
    },
    postgres: {
      places: { direct: { name: hosts.direct, port }, pooler: { name: hosts.pooler, port } },
      user,
      database,
      password,
      ca,
      admin: (sql) => postgres.query(sql),
      reset: () => postgres.reset(),
      stop: async () => {},
    },
    async reset() {
      await sandbox.reset()
      await fill(redis)
    },
    stop: () => sandbox.stop(),
  }
}

/** The same with Debian's OpenSSH, Redis, PostgreSQL and PgBouncer in the places of the sandbox's, and goose in the migration's Job. */
export const realDeployment = async (): Promise<Deployment> => {
  const stops: (() => Promise<unknown>)[] = []
  const started = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop())
    return part
  }
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    requireGoose()
    const redis = started(await startRealRedis([], planted.redisPassword))
    const postgres = started(await realPostgres({ password: planted.postgresPassword }))
    await laySchema(postgres)
    const outside = { redis: redis.port, database: databaseOf(postgres), migrate: gooseOf(postgres) }
    const sandbox = started(await startSandbox({ ...options, outside }))
    const { nodes } = sandbox
    const { direct, pooler } = postgres.places
    const port = await freePort()
    const places = Object.values(postgres.places).map(({ name, port: to }, at) => ({ name, address: `127.0.0.${31 + at}`, to }))
    for (const { address, to } of places) started(await relay({ host: address, port }, to))
    // k3s, systemd and ufw are on no test machine: what they print is the sandbox's, the server that runs it is OpenSSH.
    const paths = new Map(nodes.nodes.map(({ alias, path }) => [alias, path] as const))
    const ssh = started(
      await realSsh({
        path: (alias) => paths.get(alias) ?? '/usr/bin:/bin',
        names: Object.fromEntries(places.map(({ name, address }) => [name, address])),
      }),
    )
    appendFileSync(join(sandbox.dir, 'ca.crt'), postgres.ca)
    const environmentFile = overlay(join(sandbox.dir, 'environment.yaml'), 'real.yaml', (values) => ({
      ...fewer(values),
      ssh: { config: ssh.configFile },
      database: { ...(values['database'] as object), port },
      hostaddr: {
        ...(values['hostaddr'] as Record<string, string>),
        [direct.name]: `127.0.0.1:${direct.port}`,
        [pooler.name]: `127.0.0.1:${pooler.port}`,
      },
    }))
    const { admin: query, password, user, database, ca } = postgres
    return {
      environmentFile,
      sandbox: { ...sandbox, postgres: { ...sandbox.postgres, query, password, user, database, ca, portOf: outside.database.portOf } },
      ssh: {
        ...ssh,
        // The edge asks the sandbox whether the machine is up.
        down: async (alias) => void (await Promise.all([ssh.down(alias), nodes.setUp(alias, false)])),
      },
      redis: {
        host: '127.0.0.1',
        port: redis.port,
        freeze: async () => void process.kill(redis.pid, 'SIGSTOP'),
        becomeReplica: () => tell(redis, 'REPLICAOF', '127.0.0.1', '1'),
      },
      postgres,
      async reset() {
        process.kill(redis.pid, 'SIGCONT')
        await Promise.all([ssh.reset(), tell(redis, 'REPLICAOF', 'NO', 'ONE').then(() => fill(redis)), laySchema(postgres)])
        await sandbox.reset()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const tell = async (at: Place, ...words: readonly [string, ...string[]]): Promise<void> => {
  const [command, ...rest] = words
  const redis = redisClient(at, planted.redisPassword)
  try {
    await redis.call(command, ...rest)
  } finally {
    redis.disconnect()
  }
}

const laySchema = async (postgres: PostgresWorld): Promise<void> => {
  await postgres.reset()
  // Applied long ago: a file that a case edits was changed later, and git knows whole seconds only.
  const past = "UPDATE goose_db_version SET tstamp = tstamp - interval '1 hour'"
  await postgres.admin(
    `DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION ${postgres.user}; GRANT USAGE ON SCHEMA public TO PUBLIC; SET ROLE ${postgres.user}; ${schema}; ${past}`,
  )
}

/** Leads a place of loopback to a port of 127.0.0.1. */
const relay = async ({ host, port }: Place, to: number) => {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(port, host)
  await once(server, 'listening')
  return { stop: async () => void server.close() }
}
