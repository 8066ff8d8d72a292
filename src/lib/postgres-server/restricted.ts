import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import { confinedSuperuser, type Login, type Server } from './server.ts'

/** The database that everything foreign is run in. */
export const scratchDatabase = 'scratch'

/**
 * An empty database and a login that owns it: it may make roles and databases as the live role may, and has no way to files, programs or the network.
 * The superuser does nothing else here, and never enters that database: what stands in it was written by others.
 */
export const restrictedLogin = async ({ admin }: Server, user: string, roles: readonly Role[] = []): Promise<Login> => {
  await clear(admin)
  const name = user === confinedSuperuser || /^(pg_|public$|none$)/.test(user) ? 'live_role' : user
  const password = randomBytes(24).toString('hex')
  const role = admin.escapeIdentifier(name)
  await admin.query(`CREATE ROLE ${role} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS PASSWORD '${password}'`)
  await admin.query(`ALTER ROLE ${role} SET lock_timeout = '10s'`)
  for (const one of roles) {
    const other = admin.escapeIdentifier(one.name)
    if (one.name === name || one.name === confinedSuperuser) continue
    if (one.name.startsWith('pg_') ? !lent.has(one.name) : /^(public|none)$/.test(one.name)) continue
    if (!one.name.startsWith('pg_')) await admin.query(`CREATE ROLE ${other} NOLOGIN`)
    // Until everything is laid: what belongs to others is given to them by this login.
    await admin.query(`GRANT ${other} TO ${role} WITH INHERIT ${one.member}, SET true`)
  }
  await admin.query(`CREATE DATABASE ${scratchDatabase} OWNER ${role}`)
  return { user: name, password }
}

/** Takes back what laying needed: from then on the login is a member of what the live role is a member of. */
export const settle = async ({ admin }: Server, { user }: Login, roles: readonly Role[]): Promise<void> => {
  for (const { name, member } of roles)
    if (!member && name !== user && name !== confinedSuperuser && !/^(pg_|public$|none$)/.test(name))
      await admin.query(`REVOKE ${admin.escapeIdentifier(name)} FROM ${admin.escapeIdentifier(user)}`)
}

/** A role of the live server; `member`: the live role has its rights. */
export interface Role {
  readonly name: string
  readonly member: boolean
}

/** Roles of PostgreSQL's own that reach rows and figures, and neither files nor programs. */
const lent = new Set([
  'pg_read_all_data',
  'pg_write_all_data',
  'pg_read_all_settings',
  'pg_read_all_stats',
  'pg_stat_scan_tables',
  'pg_signal_backend',
  'pg_maintain',
])

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
