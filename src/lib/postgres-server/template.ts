import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, chmod, chown, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from 'pg'
import { makeBeside } from '../own-folder.ts'
import type { Binaries } from './binaries.ts'
import { fingerprint } from './binaries.ts'
import { ownFolder, roomiest, run } from './folders.ts'
import { gooseTable, migrations, upOf } from './schema.ts'
import { confinedSuperuser, type Server, startServer, superuser } from './server.ts'

/** The role, database and password that every template starts with; the password is set again per sandbox. */
export const owner = 'neondb_owner'
export const database = 'honeyDue'
/** What `reset()` makes the database from again. */
const pristine = 'honeyDue_pristine'

/** The application's schema and a few rows, as one script. */
const seed = [...migrations.map(({ sql }) => upOf(sql)), gooseTable(migrations.map(({ version }) => version))].join('\n')

/** Everybody is asked, the superuser too: whoever reaches the socket through the front is not therefore trusted. */
const hba = 'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n'

/** A data directory of ours, and what its superuser logs in with. */
export interface Cluster {
  /** Holds `data`. */
  readonly folder: string
  readonly password: string
}

/** What a cluster has at first: the deployment's role, database and rows, or nothing. */
export type Contents = 'deployment' | 'nothing'

/** A new folder in the temporary folder with a copy of a template cluster in `data` (about 0.1 s; the first time on a machine 2 s). */
export const layCluster = async (binaries: Binaries, contents: Contents): Promise<Cluster> => {
  const made = contents === 'nothing' ? '' : seed
  const template = join(binaries.cache, `template-${fingerprint('7', binaries.root, made, hba, String(binaries.as?.uid))}`)
  if (!existsSync(template)) await makeTemplate(binaries, template, contents)
  const folder = ownFolder(binaries, await roomiest())
  // `cp` is in every base system, runs beside our event loop, and clones where the file system can.
  await run('cp', ['-R', join(template, 'data'), join(folder, 'data')], binaries, folder)
  return { folder, password: await readFile(join(template, 'superuser'), 'utf8') }
}

/** The database anew from the pristine one, whoever is connected to it. */
export const layDatabase = async (admin: Client): Promise<void> => {
  await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
  await admin.query(`CREATE DATABASE "${database}" OWNER ${owner} TEMPLATE "${pristine}"`)
}

const makeTemplate = async (binaries: Binaries, template: string, contents: Contents): Promise<void> => {
  const folder = ownFolder(binaries, tmpdir())
  try {
    const data = join(folder, 'data')
    const pwfile = join(folder, 'superuser')
    const password = randomBytes(24).toString('hex')
    await writeFile(pwfile, password, { mode: 0o600 })
    if (binaries.as) await chown(pwfile, binaries.as.uid, binaries.as.gid)
    const options = [
      '-U',
      contents === 'nothing' ? confinedSuperuser : superuser,
      `--pwfile=${pwfile}`,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--wal-segsize=1',
      '--no-sync',
      '--no-data-checksums',
      '--no-instructions',
    ]
    await run(join(binaries.root, 'bin', 'initdb'), ['-D', data, ...options], binaries, folder)
    await writeFile(join(data, 'pg_hba.conf'), hba)
    // Small files copy fast: checkpoints need not keep old WAL.
    await appendFile(join(data, 'postgresql.conf'), '\nmin_wal_size = 2MB\nmax_wal_size = 8MB\n')
    const server = await startServer(binaries, { folder, password }, { disposable: false, confined: contents === 'nothing' })
    try {
      const { admin } = server
      if (contents === 'deployment') await makeDeployment(server)
      // Fewer files to copy for each sandbox.
      await admin.query("UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'")
      for (const unused of ['postgres', 'template0']) await admin.query(`DROP DATABASE ${unused}`)
      await admin.query('VACUUM (FREEZE, ANALYZE)')
      await admin.query('CHECKPOINT')
    } finally {
      await server.stop()
    }
    const ready = await makeBeside(template)
    await chmod(ready, 0o755)
    if (binaries.as) await chown(ready, binaries.as.uid, binaries.as.gid)
    await run('cp', ['-R', data, join(ready, 'data')], binaries, folder)
    await writeFile(join(ready, 'superuser'), password, { mode: 0o600 })
    // Another process may have been faster; its template is as good.
    await rename(ready, template).catch(() => rm(ready, { recursive: true, force: true }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const makeDeployment = async ({ admin, connect }: Server): Promise<void> => {
  await admin.query(`CREATE ROLE ${owner} LOGIN CREATEDB CREATEROLE`)
  await admin.query(`GRANT pg_monitor, pg_read_all_stats TO ${owner}`)
  await admin.query(`CREATE DATABASE "${pristine}" OWNER ${owner}`)
  const builder = await connect(pristine)
  await builder.query(`ALTER SCHEMA public OWNER TO ${owner}; SET ROLE ${owner}; ${seed}`)
  // Frozen and pruned: reading it then writes nothing, so that `reset()` can see that nothing was written.
  await builder.query('RESET ROLE')
  await builder.query('VACUUM (FREEZE, ANALYZE)')
  await builder.end()
  await admin.query(`CREATE DATABASE "${database}" OWNER ${owner} TEMPLATE "${pristine}"`)
}
