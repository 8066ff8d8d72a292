import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { type Keys, parseVerifier, scramServer } from './scram.ts'
import { errorResponse, int32, type Message, message, splitter, textAt, texts } from './wire.ts'

type Take = (chunk: Buffer) => void

/** The pooler's own SCRAM login: it asks the server for the role's verifier, and the client's proof reveals the keys to log in with. */
export const poolerLogin = (admin: Client, asPgBouncer118: boolean) => {
  // One connection, several logins at once: they take turns.
  let asking: Promise<unknown> = Promise.resolve()
  const ask = <R extends object>(sql: string, values: readonly string[]): Promise<readonly R[]> => {
    const answer = asking.then(async () => (await admin.query<R & Record<string, unknown>>(sql, [...values])).rows)
    asking = answer.catch(() => {})
    return answer
  }
  /** As the server has it; empty where there is none. */
  const storedOf = async (user: string): Promise<string> => {
    const [role] = await ask<{ rolpassword: string | null }>('SELECT rolpassword FROM pg_authid WHERE rolname = $1 AND rolcanlogin', [user])
    return role?.rolpassword ?? ''
  }

  const login = (socket: Socket, parameters: ReadonlyMap<string, string>, serve: (keys: Keys, database: string) => Take): Take => {
    const user = parameters.get('user') ?? ''
    const database = parameters.get('database') ?? user
    const split = splitter()
    let exchange: ReturnType<typeof scramServer> | undefined
    let then: Take | undefined
    let turn = Promise.resolve()
    // PgBouncer 1.18's own answer; before Neon's pooler its proxy has already given PostgreSQL's.
    const refusal = asPgBouncer118
      ? errorResponse('08P01', 'SASL authentication failed')
      : errorResponse('28P01', `password authentication failed for user "${user}"`)
    const refuse = () => socket.end(refusal)
    const step = async ({ type, body }: Message): Promise<void> => {
      if (type !== 'p') return void refuse()
      if (!exchange) {
        const verifier = parseVerifier(await storedOf(user))
        const mechanism = textAt(body, 0)
        if (!verifier || mechanism.text !== 'SCRAM-SHA-256') return void refuse()
        exchange = scramServer(verifier, body.toString('utf8', mechanism.next + 4))
        return void socket.write(message('R', Buffer.concat([int32(11), Buffer.from(exchange.serverFirst)])))
      }
      const done = exchange.finish(body.toString())
      if (!done) return void refuse()
      const there = await ask('SELECT 1 AS there FROM pg_database WHERE datname = $1', [database])
      if (there.length === 0)
        return void socket.end(errorResponse(asPgBouncer118 ? '08P01' : '3D000', `database "${database}" does not exist`))
      socket.write(message('R', Buffer.concat([int32(12), Buffer.from(done.serverFinal)])))
      then = serve(done.keys, database)
    }
    socket.write(message('R', Buffer.concat([int32(10), texts('SCRAM-SHA-256'), Buffer.from([0])])))
    return (chunk) => {
      if (then) return then(chunk)
      for (const part of split(chunk)) turn = turn.then(() => step(part)).catch(() => void refuse())
    }
  }
  return { login, storedOf }
}
