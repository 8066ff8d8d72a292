const own = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`
const named = (schema: string, name: string) => `CASE ${schema} WHEN 'public' THEN '' ELSE ${schema} || '.' END || ${name}`
const table = (oid: string) =>
  `(SELECT ${named('tn.nspname', 'tc.relname')} FROM pg_class tc JOIN pg_namespace tn ON tn.oid = tc.relnamespace WHERE tc.oid = ${oid})`
const list = (query: string) => `(SELECT coalesce(json_agg(row_to_json(one)), '[]') FROM (${query}) AS one)`

/** Everything that a statement's text does not tell of the database that it meets, in one row; $1: names of functions. */
export const surroundings = `SELECT
${list(`SELECT ${table('k.conrelid')} AS "table", ${table('k.confrelid')} AS "to", k.conname AS name, k.confdeltype = 'c' AS removes,
  (SELECT json_agg(attname) FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY (k.conkey)) AS columns,
  (SELECT json_agg(attname) FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = ANY (k.confkey)) AS "toColumns"
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.contype = 'f' AND ${own}`)} AS "references",
${list(`SELECT ${table('i.inhrelid')} AS "table", ${table('i.inhparent')} AS "of", EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partdefid = i.inhrelid) AS rest
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') AND ${own}`)} AS children,
${list(`SELECT ${table('i.indexrelid')} AS "index", ${table('i.indrelid')} AS "table"
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own}`)} AS indexes,
${list(`SELECT ${table('a.attrelid')} AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND ${own}`)} AS columns,
(SELECT coalesce(json_agg(${named('n.nspname', 't.typname')}), '[]') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'd' AND (t.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = t.oid)) AND ${own}) AS domains,
${list(`SELECT DISTINCT ${table('r.ev_class')} AS view, ${table('d.refobjid')} AS "of"
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
 WHERE c.relkind IN ('v', 'm') AND ${own}`)} AS views,
(SELECT coalesce(json_agg(DISTINCT ${table('g.tgrelid')}), '[]') FROM pg_trigger g WHERE NOT g.tgisinternal) AS triggers,
${list(`SELECT p.proname AS name, n.nspname <> 'pg_catalog' AS own, bool_or(p.provolatile = 'v') AS volatile
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ANY ($1::text[]) GROUP BY 1, 2`)} AS functions`
