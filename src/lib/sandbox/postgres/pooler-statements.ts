import { createHash } from 'node:crypto'
import type { ServerConnection } from './pooler-server.ts'
import { type Message, textAt, texts } from './wire.ts'

/** A client's named statements: the server-wide name, and the query with its parameter types as Parse carried them. */
export type Statements = Map<string, { readonly name: string; readonly rest: Buffer }>

/** PgBouncer 1.21's prepared statements: names become the pooler's own, and a server connection that lacks one is given it first. */
export const renameStatements = (part: Message, statements: Statements, server: ServerConnection): readonly Message[] => {
  const { type, body } = part
  if (type === 'P') {
    const { text, next } = textAt(body, 0)
    server.forwardParse()
    if (text === '') return [part]
    const rest = body.subarray(next)
    const name = `PGBOUNCER_${createHash('sha256').update(rest).digest('hex').slice(0, 16)}`
    statements.set(text, { name, rest })
    // The server has it already: an empty statement answers in its place, in order.
    if (server.prepared.has(name)) return [{ type, body: Buffer.concat([texts('', ''), Buffer.from([0, 0])]) }]
    server.prepared.add(name)
    return [{ type, body: Buffer.concat([texts(name), rest]) }]
  }
  if (type === 'B') {
    const portal = textAt(body, 0)
    const statement = textAt(body, portal.next)
    const known = statements.get(statement.text)
    if (!known) return [part]
    return [...provide(known, server), { type, body: Buffer.concat([texts(portal.text, known.name), body.subarray(statement.next)]) }]
  }
  if ((type === 'D' || type === 'C') && body[0] === 0x53) {
    const known = statements.get(textAt(body, 1).text)
    if (!known) return [part]
    if (type === 'D') return [...provide(known, server), { type, body: Buffer.concat([Buffer.from('S'), texts(known.name)]) }]
    statements.delete(textAt(body, 1).text)
    // Other clients may use it: only the client's name goes.
    return [{ type, body: Buffer.concat([Buffer.from('S'), texts('')]) }]
  }
  return [part]
}

const provide = ({ name, rest }: { readonly name: string; readonly rest: Buffer }, server: ServerConnection): readonly Message[] => {
  if (server.prepared.has(name)) return []
  server.prepared.add(name)
  server.swallowParse()
  return [{ type: 'P', body: Buffer.concat([texts(name), rest]) }]
}
