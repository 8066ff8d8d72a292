import { database, owner } from '../../postgres-server/template.ts'
import type { EndpointName } from './front.ts'
import { openServerConnection, type ServerConnection } from './pooler-server.ts'
import { keysFor } from './scram.ts'
import { texts } from './wire.ts'

/** The application's side of some connections: as a pod holds them. */
export interface ApplicationConnections {
  /** What the endpoint answered when they were opened. */
  readonly reachable: boolean
  /** Why the server refused, in its words. */
  readonly refused?: string
  close(): Promise<void>
}

/** The connections of one pod, as it wants them. */
interface Wanted {
  readonly endpoint: EndpointName
  readonly pod?: string | undefined
  /** Its application_name. */
  readonly application: string
  readonly password: string
  readonly count: number
}

interface Where {
  /** The Unix socket of an endpoint; undefined while nobody gets in there. */
  at(endpoint: EndpointName): string | undefined
  /** What the server has of the role's password. */
  verifier(): Promise<string>
}

/** A pod's pool as database/sql has it: it lends what is idle, and opens another one where nothing is. */
interface Pool {
  idle: ServerConnection[]
  readonly busy: Set<ServerConnection>
}

/** What pods hold open. They enter behind the front, and with ready-made keys: sixty of them would else cost a second. */
export const podConnections = ({ at, verifier }: Where) => {
  const pools = new Map<Wanted, Pool>()
  /** Rejects with the server's words, or where nobody gets in. */
  const openOne = async ({ endpoint, application, password }: Wanted): Promise<ServerConnection> => {
    const path = at(endpoint)
    const keys = path === undefined ? undefined : keysFor(password, await verifier())
    if (path === undefined || !keys) throw new Error(path === undefined ? 'nobody answers' : refusal)
    return openServerConnection({ at: path, application, user: owner, database, keys, closed: () => {} })
  }
  const fill = async (wanted: Wanted): Promise<void> => {
    const opened = await Promise.all(Array.from({ length: wanted.count }, () => openOne(wanted)))
    const pool = pools.get(wanted)
    // It has left meanwhile.
    if (!pool) for (const connection of opened) connection.close()
    else pool.idle = opened
    // Through the pooler an idle connection has no backend: one of a pod's has asked something, as they do in production.
    for (const connection of wanted.endpoint === 'direct' ? opened : opened.slice(0, 1))
      connection.send({ type: 'Q', body: texts('SELECT 1') })
  }
  const drain = ({ idle, busy }: Pool): void => {
    for (const connection of [...idle.splice(0), ...busy]) connection.close()
  }
  return {
    /** Opens one pod's: now, where the server runs, and whenever `open` is called. */
    enter: async (wanted: Wanted): Promise<ApplicationConnections> => {
      if (!keysFor(wanted.password, await verifier())) return { reachable: false, refused: refusal, close: async () => {} }
      const pool: Pool = { idle: [], busy: new Set() }
      pools.set(wanted, pool)
      await fill(wanted).catch(() => {})
      const close = async () => {
        pools.delete(wanted)
        // Requests that it has are served first.
        for (const connection of pool.idle.splice(0)) connection.close()
      }
      return { reachable: true, close }
    },
    open: async (): Promise<void> => void (await Promise.all([...pools.keys()].map((wanted) => fill(wanted).catch(() => {})))),
    /** Ends what stands, of one endpoint or of both; the pods stay known. */
    close: (endpoint?: EndpointName): void => {
      for (const [wanted, pool] of pools) if (!endpoint || wanted.endpoint === endpoint) drain(pool)
    },
    end: (pods: readonly string[]): void => {
      for (const [{ pod = '' }, { idle }] of pools) if (pods.includes(pod)) for (const connection of idle.splice(0)) connection.close()
    },
    /** One statement as a pod's request asks it. Rejects where no connection can be opened, or the one that it has ends. */
    ask: async (pod: string): Promise<void> => {
      const [wanted, pool] = [...pools].find(([one]) => one.pod === pod) ?? []
      if (!wanted || !pool) throw new Error(`${pod} has no connections`)
      const usable = pool.idle.find(({ closed }) => !closed)
      pool.idle = pool.idle.filter((one) => one !== usable && !one.closed)
      const connection = usable ?? (await openOne(wanted))
      pool.busy.add(connection)
      await answered(connection).finally(() => {
        pool.busy.delete(connection)
        if (pools.has(wanted) && !connection.closed) pool.idle.push(connection)
        else connection.close()
      })
    },
  }
}

const refusal = `FATAL: password authentication failed for user "${owner}" (SQLSTATE 28P01)`

const answered = (connection: ServerConnection): Promise<void> =>
  new Promise((resolve, reject) => {
    let row = false
    connection.lend({
      message: ({ type }) => {
        if (type === 'D') row = true
        if (type === 'E') reject(new Error('the server refused the statement'))
        if (type === 'Z' && row) resolve()
      },
      lost: () => reject(new Error('the connection ended')),
    })
    connection.send({ type: 'Q', body: texts('SELECT 1') })
  })
