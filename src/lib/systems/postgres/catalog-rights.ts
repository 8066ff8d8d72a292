import { own } from './own-objects.ts'

/** Who runs migrations owns goose's table; what belongs to the same role needs no word. */
const runner = `coalesce((SELECT r.relowner FROM pg_class r WHERE r.oid = to_regclass('goose_db_version')), (SELECT u.oid FROM pg_roles u WHERE u.rolname = current_user))`

const relation = `pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace`
const routine = `pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace`
const type = `pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace`
const realType = `(o.typtype IN ('e', 'd', 'r') OR (o.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_class k WHERE k.oid = o.typrelid AND k.relkind = 'c')))`

/** A right that a role other than the owner has; `what`: the object as it is named, `acl`: its list, NULL where nobody has changed it. */
const grants = (from: string, what: string, owner: string, acl: string, where: string) => `
UNION ALL SELECT 20, 'grant', lower(a.privilege_type) || ' on ' || ${what} || ' to ' || CASE a.grantee WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, NULL,
       CASE WHEN a.is_grantable THEN 'with grant option' ELSE '' END, 0
  FROM ${from}, LATERAL aclexplode(${acl}) a WHERE a.grantee <> ${owner} AND ${where}`

/** The same for what everybody may use unless it was taken from them: then that is said. */
const publicly = (from: string, what: string, owner: string, acl: string, where: string) => `
${grants(from, what, owner, acl, `a.grantee <> 0 AND ${where}`)}
UNION ALL SELECT 20, 'grant', 'nothing on ' || ${what} || ' to public', NULL, '', 0 FROM ${from}
 WHERE ${acl} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM aclexplode(${acl}) a WHERE a.grantee = 0) AND ${where}`

const owners = (from: string, what: string, owner: string, where: string) => `
UNION ALL SELECT 21, 'owner', ${what}, NULL, pg_get_userbyid(${owner})::text, 0 FROM ${from} WHERE ${owner} <> ${runner} AND ${where}`

/** The rest of the schema: what a statement may change and no definition of a table, column or index shows. Appended to the objects. */
export const moreObjects = `
UNION ALL SELECT 2, 'domain', o.oid::regtype::text, NULL, concat_ws(' ', format_type(o.typbasetype, o.typtypmod), 'DEFAULT ' || o.typdefault, CASE WHEN o.typnotnull THEN 'NOT NULL' END,
       (SELECT string_agg('CONSTRAINT ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), ' ' ORDER BY c.conname) FROM pg_constraint c WHERE c.contypid = o.oid AND c.contype = 'c')), 0
  FROM ${type} WHERE o.typtype = 'd' AND ${own}
UNION ALL SELECT 2, 'composite type', o.oid::regtype::text, NULL, (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
       FROM pg_attribute a WHERE a.attrelid = o.typrelid AND a.attnum > 0 AND NOT a.attisdropped), 0
  FROM ${type} JOIN pg_class k ON k.oid = o.typrelid AND k.relkind = 'c' WHERE o.typtype = 'c' AND ${own}
UNION ALL SELECT 2, 'range type', o.oid::regtype::text, NULL, format_type(r.rngsubtype, NULL), 0 FROM ${type} JOIN pg_range r ON r.rngtypid = o.oid WHERE o.typtype = 'r' AND ${own}
UNION ALL SELECT 4, 'aggregate', o.oid::regprocedure::text, NULL, concat_ws(' ', g.aggtransfn::regproc, format_type(g.aggtranstype, NULL), nullif(g.aggfinalfn::oid, 0)::regproc, g.agginitval), 0
  FROM ${routine} JOIN pg_aggregate g ON g.aggfnoid = o.oid WHERE ${own}
UNION ALL SELECT 12, 'partition key', o.oid::regclass::text, NULL, pg_get_partkeydef(o.oid), 0 FROM ${relation} WHERE o.relkind = 'p' AND ${own}
UNION ALL SELECT 12, 'partition bound', o.oid::regclass::text, NULL, i.inhparent::regclass::text || coalesce(' ' || pg_get_expr(o.relpartbound, o.oid), ''), i.inhseqno
  FROM ${relation} JOIN pg_inherits i ON i.inhrelid = o.oid WHERE o.relkind IN ('r', 'p') AND ${own}
UNION ALL SELECT 13, 'statistics', o.stxname::text, o.stxrelid::regclass::text, pg_get_statisticsobjdef(o.oid), 0 FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace WHERE ${own}
UNION ALL SELECT 14, 'rule', r.rulename::text, o.oid::regclass::text, pg_get_ruledef(r.oid) || CASE r.ev_enabled WHEN 'O' THEN '' ELSE ' ' || r.ev_enabled::text END, 0
  FROM ${relation} JOIN pg_rewrite r ON r.ev_class = o.oid WHERE r.rulename <> '_RETURN' AND ${own}
UNION ALL SELECT 15, 'trigger state', t.tgname::text, o.oid::regclass::text, CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'A' THEN 'always' ELSE 'replica' END, 0
  FROM ${relation} JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal AND t.tgenabled <> 'O' AND ${own}
UNION ALL SELECT 16, 'row security', o.oid::regclass::text, NULL, CASE WHEN o.relrowsecurity THEN 'enabled' ELSE '' END || CASE WHEN o.relforcerowsecurity THEN ' forced' ELSE '' END, 0
  FROM ${relation} WHERE (o.relrowsecurity OR o.relforcerowsecurity) AND ${own}
UNION ALL SELECT 17, 'policy', p.polname::text, o.oid::regclass::text, concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'for ' || p.polcmd::text,
       'to ' || (SELECT string_agg(CASE m WHEN 0 THEN 'public' ELSE pg_get_userbyid(m)::text END, ', ' ORDER BY 1) FROM unnest(p.polroles) m),
       'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)), 0
  FROM ${relation} JOIN pg_policy p ON p.polrelid = o.oid WHERE ${own}
UNION ALL SELECT 18, 'comment', pg_describe_object(o.classoid, o.objoid, o.objsubid), NULL, o.description, 0
  FROM pg_description o WHERE o.objoid >= 16384 AND o.classoid = ANY (ARRAY['pg_class', 'pg_type', 'pg_proc', 'pg_constraint', 'pg_namespace', 'pg_trigger', 'pg_policy', 'pg_rewrite']::regclass[])
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.classoid AND d.objid = o.objoid AND d.deptype = 'e')
${grants(relation, 'o.oid::regclass::text', 'o.relowner', 'o.relacl', `o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${own}`)}
${grants(`${relation} JOIN pg_attribute c ON c.attrelid = o.oid AND c.attnum > 0 AND NOT c.attisdropped`, "o.oid::regclass::text || '.' || c.attname", 'o.relowner', 'c.attacl', own)}
${publicly(routine, 'o.oid::regprocedure::text', 'o.proowner', 'o.proacl', own)}
${publicly(type, 'o.oid::regtype::text', 'o.typowner', 'o.typacl', `${realType} AND ${own}`)}
${grants('pg_namespace n', 'n.nspname::text', 'n.nspowner', 'n.nspacl', "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'")}
${owners(relation, 'o.oid::regclass::text', 'o.relowner', `o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${own}`)}
${owners(routine, 'o.oid::regprocedure::text', 'o.proowner', own)}
${owners(type, 'o.oid::regtype::text', 'o.typowner', `${realType} AND ${own}`)}`
