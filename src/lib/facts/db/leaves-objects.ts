import { squeezed } from './squeezed.ts'

/**
 * Whether what a statement did can be seen afterwards in the objects that schemas are compared by, and in nothing else: rows, rights,
 * comments, owners, row security and whatever a block or a function of its own does leave no such object. Unknown is no.
 */
export const leavesObjects = (statement: string): boolean => {
  const sql = bare(statement)
  return !sql.includes(';') && (making.test(sql) || (altering.test(sql) && !unseen.test(sql)))
}

/** A setting of the session has no effect that lasts. */
export const leavesNothing = (statement: string): boolean => /^(SET (?!ROLE|SESSION AUTH)|RESET )[^;]*$/.test(bare(statement))

/** Upper case, and every quoted text empty. */
const bare = (statement: string): string =>
  squeezed(statement)
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replace(/"(?:[^"]|"")*"/g, '"x"')
    .toUpperCase()

const kinds =
  'TABLE|SEQUENCE|TYPE|DOMAIN|VIEW|MATERIALIZED VIEW|FUNCTION|PROCEDURE|AGGREGATE|SCHEMA|EXTENSION|TRIGGER|RULE|INDEX|STATISTICS'
const making = new RegExp(
  `^(CREATE (OR REPLACE )?(UNLOGGED |RECURSIVE |CONSTRAINT |UNIQUE )?(${kinds})|DROP (${kinds}|ROUTINE)|ALTER (TABLE|INDEX|VIEW|SEQUENCE|TYPE|FUNCTION) .* RENAME (TO|COLUMN|CONSTRAINT|VALUE|ATTRIBUTE)|ALTER TYPE .* ADD VALUE)\\b`,
)
const altering = /^ALTER TABLE (IF EXISTS )?(ONLY )?\S+ (ADD|DROP|ALTER|VALIDATE CONSTRAINT|ATTACH PARTITION|DETACH PARTITION)\b/
const unseen =
  /\b(ROW LEVEL SECURITY|OWNER TO|SET (STATISTICS|STORAGE|COMPRESSION|TABLESPACE|LOGGED|WITHOUT|ACCESS|\()|RESET \(|CLUSTER ON|REPLICA IDENTITY|ENABLE|DISABLE|INHERIT)\b|\bSET \(/
