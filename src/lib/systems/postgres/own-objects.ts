// A condition on n, the namespace, and o, the object.

/** In the schemas of the application, and no part of an extension. */
export const own = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')`
