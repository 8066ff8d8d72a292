import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { hosts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { bookNodes, nodeFolder } from '../../../src/lib/sandbox/nodes/state.ts'
import { gooseTable, migrations, upOf } from '../../../src/lib/sandbox/postgres/schema.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import type { PostgresWorld } from '../../contract/postgres/world.ts'
import { type Place, redisClient } from '../../contract/redis/world.ts'
import { realSsh } from '../openssh/server.ts'
import { realPostgres } from '../postgres/servers.ts'
import { type RealRedis, startRealRedis } from '../redis/server.ts'
import { type Deployment, overlay } from './world.ts'

const schema = [...migrations.map(({ sql }) => upOf(sql)), gooseTable(migrations.map(({ version }) => version))].join('\n')

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
  const sandbox = await startSandbox({ postgres: true })
  const { nodes, postgres, redis } = sandbox
  const { port, user, database, password, ca } = postgres
  const fault = (kind: 'changed-host-key' | 'silent' | 'no-sessions') => async (alias: string) => void (await nodes.fail(alias, kind))
  return {
    dir: sandbox.dir,
    environmentFile: join(sandbox.dir, 'environment.yaml'),
    kubernetes: sandbox.kubernetes,
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

/** The same with Debian's OpenSSH, Redis, PostgreSQL and PgBouncer in the places of the sandbox's. */
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
    const sandbox = started(await startSandbox())
    const settled = sandbox.kubernetes.snapshot()
    // k3s and systemd are on no test machine: what they print is the sandbox's, the server that runs it is OpenSSH.
    const folders = new Map(bookNodes.map((node) => [node.alias, nodeFolder(join(sandbox.dir, 'real', node.alias), node)]))
    const ssh = started(await realSsh({ path: (alias) => folders.get(alias)?.path ?? '/usr/bin:/bin' }))
    const redis = started(await startRealRedis([], planted.redisPassword))
    const postgres = started(await realPostgres({ password: planted.postgresPassword }))
    const relay = started(await relayTo(sandbox, redis))
    appendFileSync(join(sandbox.dir, 'ca.crt'), postgres.ca)
    const { direct, pooler } = postgres.places
    const environmentFile = overlay(join(sandbox.dir, 'environment.yaml'), 'real.yaml', (values) => ({
      ssh: { config: ssh.configFile },
      hostaddr: {
        ...(values['hostaddr'] as Record<string, string>),
        [direct.name]: `127.0.0.1:${direct.port}`,
        [pooler.name]: `127.0.0.1:${pooler.port}`,
      },
    }))
    return {
      dir: sandbox.dir,
      environmentFile,
      kubernetes: sandbox.kubernetes,
      ssh,
      redis: {
        host: '127.0.0.1',
        port: redis.port,
        freeze: async () => void process.kill(redis.pid, 'SIGSTOP'),
        becomeReplica: () => tell(redis, 'REPLICAOF', '127.0.0.1', '1'),
      },
      postgres,
      async reset() {
        process.kill(redis.pid, 'SIGCONT')
        relay.cut()
        await Promise.all([ssh.reset(), tell(redis, 'REPLICAOF', 'NO', 'ONE').then(() => fill(redis)), laySchema(postgres)])
        // Redis' own place is taken by the relay: it is not to be reset.
        await Promise.all([sandbox.nodes.reset(), sandbox.postgres.reset()])
        sandbox.kubernetes.restore(settled)
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
  await postgres.admin(
    `DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION ${postgres.user}; SET ROLE ${postgres.user}; ${schema}`,
  )
}

/** Ends the sandbox's Redis and leads its port, where the cluster's port-forwards end, to the real one. */
const relayTo = async (sandbox: Sandbox, { host, port }: RealRedis) => {
  const { port: own } = sandbox.redis
  await sandbox.redis.stop()
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host, port })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
    }
    near.pipe(far).pipe(near)
  })
  server.listen(own, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    cut,
    stop: async () => {
      cut()
      server.close()
    },
  }
}
