import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { childEnvironment } from '../child-environment.ts'
import type { Environment } from '../environment/schema.ts'
import { Usage } from '../errors.ts'
import { makeOwnFolder } from '../own-folder.ts'
import { placeOf } from '../systems/place.ts'
import type { PostgresTarget } from '../systems/postgres/types.ts'

/** The path of psql; throws Usage before anything is connected to. */
export const findPsql = (env: NodeJS.ProcessEnv): string => {
  const found = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'psql'))
    .find((path) => runnable(path))
  if (found !== undefined) return found
  throw new Usage({
    code: 'psql-missing',
    failed: 'There is no psql on this machine',
    cause: 'No folder of PATH has a program of that name',
    next: 'brew install libpq, or apt install postgresql-client',
  })
}

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** How psql is told everything: by its environment, which no list of processes shows to others. */
export const psqlEnvironment = (
  env: NodeJS.ProcessEnv,
  target: PostgresTarget,
  { write, hostaddr, authorities }: { readonly write: boolean; readonly hostaddr: Environment['hostaddr']; readonly authorities: string },
): NodeJS.ProcessEnv => {
  const place = placeOf(target.host, target.port, hostaddr)
  // What the operator's shell says of another database must not mix with this one.
  const own = Object.fromEntries(Object.entries(childEnvironment(env)).filter(([name]) => !name.startsWith('PG')))
  return {
    ...own,
    PGHOST: target.host,
    ...(place.host !== target.host && { PGHOSTADDR: place.host }),
    PGPORT: String(place.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGPASSWORD: target.password.reveal(),
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: authorities,
    PGAPPNAME: 'honeydue-psql',
    PGCONNECT_TIMEOUT: '10',
    PGOPTIONS: `-c lock_timeout=5s${write ? '' : ' -c default_transaction_read_only=on'}`,
  }
}

/** Runs psql in this terminal until it ends; resolves with its exit code. Ctrl-C is psql's: it cancels a query there. */
export const openPsql = async (
  program: string,
  env: (authorities: string) => NodeJS.ProcessEnv,
  ca: string | undefined,
): Promise<number> => {
  const folder = makeOwnFolder(tmpdir(), 'honeydue-psql')
  const ignore = () => {}
  process.on('SIGINT', ignore)
  try {
    // "system" as a root certificate is known to libpq 16 and later only; the bundle of Node is known to every one.
    const authorities = ca ?? join(folder, 'authorities.pem')
    if (ca === undefined) await writeFile(authorities, rootCertificates.join('\n'))
    return await new Promise((resolve, reject) => {
      const child = spawn(program, [], { stdio: 'inherit', env: env(authorities) })
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', ignore)
    await rm(folder, { recursive: true, force: true })
  }
}
