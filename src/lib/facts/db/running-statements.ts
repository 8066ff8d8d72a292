import type { Session } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'
import { squeezed } from './squeezed.ts'

/** A backend that runs, at this moment, a statement of a migration. */
export interface Running {
  readonly session: Session
  readonly file: string
}

/**
 * Sessions that run a statement of one of these files: a killed runner's statement goes on in the server. Compared without comments and
 * blanks, because goose sends neither the lines before a statement that are comments, nor those that are empty.
 */
export const runningStatements = (sessions: readonly Session[], files: readonly MigrationFile[]): readonly Running[] => {
  const known = files.flatMap(({ name, text, statements }) => {
    const replaced = /\+goose\s+ENVSUB\s+ON/i.test(text)
    return statements.map((one) => ({ file: name, parts: replaced ? squeezed(one).split(variable) : [squeezed(one)] }))
  })
  return sessions
    .filter(({ state, application }) => state === 'active' && application !== 'honeydue')
    .flatMap((session) => {
      const query = squeezed(session.query)
      const cut = Buffer.byteLength(session.query) >= shortestCut
      const found = everyday.test(query) ? undefined : known.find(({ parts }) => fits(query, cut, parts))
      return found ? [{ session, file: found.file }] : []
    })
}

/** The server keeps the first kilobyte of a query, or more where it is told to: what is at least as long may lack its end. */
const shortestCut = 1000

/** What any client may ask at any moment, whatever files say. */
const everyday = /^(select 1|begin|commit|rollback)?$/i

/** goose puts the environment's values there. */
const variable = /\$\{[^}]*\}|\$[a-z_]\w*/i

/** Whether the parts of a statement stand in the query, in their order; anything may stand between them. */
const fits = (query: string, cut: boolean, [first = '', ...rest]: readonly string[]): boolean => {
  // Where it was cut, the last word may be half of one.
  const asked = cut ? query.replace(/\s*\S*$/, '') : query
  if (cut && first.length >= asked.length) return asked !== '' && first.startsWith(asked)
  if (!asked.startsWith(first)) return false
  let at = first.length
  for (const [i, part] of rest.entries()) {
    const next = i === rest.length - 1 && !cut ? asked.length - part.length : asked.indexOf(part, at)
    if (next < at) return cut && i > 0
    if (!asked.startsWith(part, next)) return false
    at = next + part.length
  }
  return cut || at === asked.length
}
