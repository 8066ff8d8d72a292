import { type Effect, joined, unknown } from './effect.ts'
import type { Node } from './grammar.ts'
import { text } from './names.ts'
import type { Surroundings } from './surroundings.ts'

/** PostgreSQL's own functions that change more than what they return. */
const acting =
  /^(lo_\w+|pg_terminate_backend|pg_cancel_backend|pg_(try_)?advisory_\w+|query_to_xml\w*|cursor_to_xml\w*|table_to_xml\w*|schema_to_xml\w*|database_to_xml\w*|setval|pg_replication_\w+|pg_(create|drop)_\w+|dblink\w*|pg_reload_conf|pg_switch_wal|pg_import_system_collations)$/

/** Calls with their names, without a schema. */
export const callsIn = (node: unknown): readonly string[] => {
  const names: string[] = []
  walk(node, (kind, body) => {
    if (kind === 'FuncCall') names.push(text((body as { funcname?: Node[] }).funcname?.at(-1)))
  })
  return names
}

/** Everything below a node, by its kind. */
export const walk = (node: unknown, visit: (kind: string, body: unknown) => void): void => {
  const open: unknown[] = [node]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue
    for (const [key, value] of Object.entries(one)) {
      if (/^[A-Z]/.test(key)) visit(key, value)
      open.push(value)
    }
  }
}

/** What the functions that a statement calls may do to others. */
export const effectOfCalls = (node: unknown, { functions }: Surroundings): Effect =>
  joined(
    [...new Set(callsIn(node))].flatMap((name) => {
      if (acting.test(name)) return [unknown(`${name}() does more than it returns`)]
      const known = functions.filter((one) => one.name === name)
      return known.length === 0 || known.some(({ own, volatile }) => own && volatile) ? [unknown(`what ${name}() does is not known`)] : []
    }),
  )

/** Whether a default has to be computed for each row: it calls what is volatile, or what nobody knows. */
export const isVolatile = (node: unknown, { functions }: Surroundings): boolean =>
  callsIn(node).some((name) => {
    const known = functions.filter((one) => one.name === name)
    return known.length === 0 || known.some(({ volatile }) => volatile)
  })
