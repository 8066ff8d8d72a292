import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import { type Login, type Server, superuser } from './server.ts'

/** The database that everything foreign is run in. */
export const scratchDatabase = 'scratch'

/**
 * An empty database and a login that owns it: it may make roles and databases as the live role may, and has no way to files, programs or the network.
 * The superuser does nothing else here, and never enters that database: what stands in it was written by others.
 */
export const restrictedLogin = async ({ admin }: Server, user: string): Promise<Login> => {
  await clear(admin)
  const name = user === superuser || /^(pg_|public$|none$)/.test(user) ? 'live_role' : user
  const password = randomBytes(24).toString('hex')
  const role = admin.escapeIdentifier(name)
  await admin.query(`CREATE ROLE ${role} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD '${password}'`)
  await admin.query(`ALTER ROLE ${role} SET lock_timeout = '10s'`)
  await admin.query(`CREATE DATABASE ${scratchDatabase} OWNER ${role}`)
  return { user: name, password }
}

/** Takes away every database and role that an earlier attempt left: roles are of the whole server. */
const clear = async (admin: Client): Promise<void> => {
  const databases = await admin.query<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname <> 'template1'")
  for (const { name } of databases.rows) {
    const database = admin.escapeIdentifier(name)
    await admin.query(`ALTER DATABASE ${database} IS_TEMPLATE false`)
    await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
  }
  const roles = await admin.query<{ name: string }>('SELECT rolname AS name FROM pg_roles WHERE oid >= 16384')
  if (roles.rows.length === 0) return
  const names = roles.rows.map(({ name }) => admin.escapeIdentifier(name)).join(', ')
  await admin.query(`DROP OWNED BY ${names} CASCADE`)
  await admin.query(`DROP ROLE ${names}`)
}
