import { createHash } from 'node:crypto'
import type { Awaited, ServerConnection } from './pooler-server.ts'
import { type Message, textAt, texts } from './wire.ts'

/** A client's named statements: the server-wide name, and the query with its parameter types as Parse carried them. */
export type Statements = Map<string, Statement>

interface Statement {
  readonly name: string
  readonly rest: Buffer
}

/** What goes to the server, and what becomes of the answer to it. */
interface Rewritten {
  readonly part: Message
  readonly awaited?: Awaited
}

/** PgBouncer 1.24's max_prepared_statements. */
const most = 200

/**
 * PgBouncer's prepared statements since 1.21: names become the pooler's own, and a server connection that lacks one is given it first.
 * Throws the pooler's words for a name that is taken, or that it does not know: it ends the client then.
 */
export const renameStatements = (part: Message, statements: Statements, server: ServerConnection): readonly Rewritten[] => {
  const { type, body } = part
  if (type === 'P') {
    const { text, next } = textAt(body, 0)
    if (text === '') return [{ part, awaited: { give: 'same' } }]
    if (statements.has(text)) throw new Error('prepared statement name is already in use')
    const rest = body.subarray(next)
    const statement = { name: `PGBOUNCER_${createHash('sha256').update(rest).digest('hex').slice(0, 16)}`, rest }
    statements.set(text, statement)
    return server.prepared.has(statement.name) ? [instead('parsed')] : prepare(statement, server, 'same')
  }
  if (type === 'B') {
    const portal = textAt(body, 0)
    const { text, next } = textAt(body, portal.next)
    if (text === '') return [{ part }]
    const known = knownOf(statements, text)
    return [...provide(known, server), { part: { type, body: Buffer.concat([texts(portal.text, known.name), body.subarray(next)]) } }]
  }
  if (type === 'D' && body[0] === forStatement) {
    const { text } = textAt(body, 1)
    if (text === '') return [{ part }]
    const known = knownOf(statements, text)
    return [...provide(known, server), { part: { type, body: Buffer.concat([Buffer.from('S'), texts(known.name)]) } }]
  }
  if (type === 'C') {
    const { text } = textAt(body, 1)
    if (body[0] !== forStatement || text === '') return [{ part, awaited: { give: 'same' } }]
    // Other clients may use it: only the client's name goes.
    statements.delete(text)
    return [instead('same')]
  }
  return [{ part }]
}

/** `DEALLOCATE ALL` and `DISCARD ALL`, by the server's own word for them. */
export const forgetsStatements = ({ type, body }: Message): boolean =>
  type === 'C' && ['DEALLOCATE ALL', 'DISCARD ALL'].includes(textAt(body, 0).text)

const forStatement = 0x53

const knownOf = (statements: Statements, name: string): Statement => {
  const known = statements.get(name)
  if (!known) throw new Error('prepared statement did not exist')
  return known
}

/** Something that the server answers in its place and that changes nothing there. */
const instead = (give: Awaited['give']): Rewritten => ({ part: close('PGBOUNCER_none'), awaited: { give } })

const close = (name: string): Message => ({ type: 'C', body: Buffer.concat([Buffer.from('S'), texts(name)]) })

const provide = (statement: Statement, server: ServerConnection): readonly Rewritten[] => {
  if (!server.prepared.has(statement.name)) return prepare(statement, server, 'nothing')
  // The one that was used last is the last to go.
  server.prepared.delete(statement.name)
  server.prepared.add(statement.name)
  return []
}

const prepare = ({ name, rest }: Statement, { prepared }: ServerConnection, give: Awaited['give']): readonly Rewritten[] => {
  prepared.add(name)
  const old = [...prepared].slice(0, Math.max(0, prepared.size - most))
  for (const one of old) prepared.delete(one)
  return [
    { part: { type: 'P', body: Buffer.concat([texts(name), rest]) }, awaited: { give, makes: name } },
    ...old.map((one): Rewritten => ({ part: close(one), awaited: { give: 'nothing' } })),
  ]
}
