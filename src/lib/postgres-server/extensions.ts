/**
 * The extensions that the private copy of PostgreSQL has: types, functions and indexes, and none that reaches files, programs, the network or the
 * server's memory (dblink, file_fdw, postgres_fdw, adminpack, pageinspect, sslinfo, the languages but PL/pgSQL). What is not there not even a superuser creates.
 */
const harmless = [
  'autoinc',
  'bloom',
  'btree_gin',
  'btree_gist',
  'citext',
  'cube',
  'dict_int',
  'earthdistance',
  'fuzzystrmatch',
  'hstore',
  'insert_username',
  'intagg',
  'intarray',
  'isn',
  'lo',
  'ltree',
  'moddatetime',
  'pg_stat_statements',
  'pg_trgm',
  'pgcrypto',
  'plpgsql',
  'refint',
  'seg',
  'tablefunc',
  'tcn',
  'tsm_system_rows',
  'tsm_system_time',
  'unaccent',
  'uuid-ossp',
] as const

/** Libraries beside those of the extensions: stemmers, and conversions between encodings. */
const libraries = /^(_int|dict_snowball|\w+_and_\w+|euc2004_sjis2004)\.(so|dylib|dll)$/

/** Whether a file of the package's `native` folder, by its path in it, belongs into the private copy. */
export const isWanted = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.endsWith('.a') || name === 'pkgconfig' || name === 'pgxs') return false
  if (/\/extension\/./.test(path)) return harmless.some((one) => name === `${one}.control` || name.startsWith(`${one}--`))
  if (/\/lib\/postgresql\/./.test(path)) return libraries.test(name) || harmless.some((one) => name.replace(/\.\w+$/, '') === one)
  return true
}

/** Names a set of extensions: a copy with another set is another copy. */
export const extensionSet = harmless.join()
