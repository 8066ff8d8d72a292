import { gooseUp } from '../../postgres-server/goose.ts'
import type { Migration } from '../../postgres-server/schema.ts'
import type { KubeObject, Program } from '../kubernetes/types.ts'
import { connectAsPod, type Reachable } from './pod-connection.ts'

/** The program of the `honeydue-migrate` Job: strips `-pooler` from DB_HOST and runs the image's files with goose against the sandbox's PostgreSQL. */
export const migrateProgram =
  (postgres: Reachable, files: () => Promise<readonly Pick<Migration, 'name' | 'sql'>[]>): Program =>
  async ({ pod, container, env, log, signal }) => {
    const host = (env.DB_HOST ?? '').replace('-pooler', '')
    try {
      const [client, all] = await Promise.all([connectAsPod(postgres, { host, env }), files()])
      const [, command] = /\bgoose\s.*[\s"'](up-by-one|up-to|down-to|down|redo|reset)\b/s.exec(wordsOf(pod, container)) ?? []
      if (command !== undefined) {
        log(`goose run: "${command}": the sandbox runs up alone`)
        await client.end()
        return 1
      }
      // A parameter of the data source name that is no keyword of its own goes to the server (pgx).
      const [, lockTimeout] = /\block_timeout=(\w+)/.exec(wordsOf(pod, container)) ?? []
      if (lockTimeout !== undefined) await client.query(`SELECT set_config('lock_timeout', $1, false)`, [lockTimeout])
      return await gooseUp({ client, files: all, log, signal, env: (name) => env[name] })
    } catch (error) {
      log(`goose run: failed to connect to host=${host}: ${error instanceof Error ? error.message : error}`)
      return 1
    }
  }

/** What the container is started with. */
const wordsOf = (pod: KubeObject, name: string): string => {
  const { containers = [] } = (pod.spec ?? {}) as { readonly containers?: readonly Readonly<Record<string, unknown>>[] }
  const found = containers.find((container) => container.name === name)
  return [found?.command, found?.args].flat().join(' ')
}
