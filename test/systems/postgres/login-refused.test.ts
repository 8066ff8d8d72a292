import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reasonOf } from '../../../src/lib/errors.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { postgresSystem } from '../../../src/lib/systems/postgres/postgres.ts'

const host = 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech'
const authority = createAuthority('one that refuses')
let refusal: readonly [code: string, message: string, severity?: string] = ['', '']
let at = ''
let folder = ''
const sockets = new Set<Socket>()

/** A server that takes TLS and answers every login with one error. */
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.once('data', () => {
    const { certificate, key } = authority.issue({ commonName: host, names: [host] })
    socket.write('S')
    const tls = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert: certificate, key }) })
    tls.on('error', () => {})
    tls.once('data', () => {
      const [code, message, severity = 'FATAL'] = refusal
      const fields = Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${message}\0\0`)
      const head = Buffer.alloc(5)
      head.write('E')
      head.writeInt32BE(fields.length + 4, 1)
      tls.end(Buffer.concat([head, fields]))
    })
  })
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydue-login-'))
  await writeFile(join(folder, 'ca.pem'), authority.certificate)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  at = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  await rm(folder, { recursive: true })
})

test.each([
  ['28000', 'The endpoint has been disabled. Enable it using Neon API and retry.', 'postgres-login-refused', /Neon's console/],
  ['28000', 'no pg_hba.conf entry for host "10.0.0.1"', 'postgres-login-refused', /Neon's console/],
  ['28P01', "password authentication failed for user 'neondb_owner'", 'postgres-password', /secrets:status/],
  ['53300', 'Your project has exceeded the compute time quota. Upgrade your plan.', 'postgres-full', /db:connections/],
  ['53300', 'sorry, too many clients already', 'postgres-full', /db:connections/],
  ['53300', 'Too many connections attempts', 'postgres-full', /db:connections/],
  ['XX000', "Couldn't connect to compute node", 'postgres-login-refused', /Neon's console/],
  ['XX000', 'Your account or project has exceeded the compute time quota', 'postgres-login-refused', /Neon's console/],
  ['08P01', 'server login has been failing, cached error: connect failed (server_login_retry)', 'postgres-login-refused', /db:status/],
  ['08P01', 'unsupported startup parameter: lock_timeout', 'postgres-login-refused', /db:status/],
  ['08004', 'remaining connection slots are reserved', 'postgres-login-refused', /Neon's console/],
  ['57P03', 'the database system is starting up', 'postgres-not-now', /db:status/],
  ['57P01', 'terminating connection due to administrator command', 'postgres-not-now', /db:status/],
  ['3D000', 'database "honeydue" does not exist', 'postgres-no-database', /config:explain/],
  ['42501', 'permission denied for database "honeyDue"', 'postgres-login-refused', /Neon's console/],
] as const)('a login refused with %s, "%s": exit 9, in the words of the server', async (code, message, kind, next) => {
  refusal = [code, message]
  const target = { host, port: 5432, user: 'neondb_owner', database: 'honeyDue', password: new Secret('secret') }
  const system = postgresSystem({
    application: async () => ({ direct: target, pooler: target }),
    hostaddr: { [host]: at },
    caFile: join(folder, 'ca.pem'),
  })
  const facts = await system.read.endpoint(target)
  if (facts.reachable) throw new Error('it was let in')
  const { trouble } = facts
  expect([trouble.exitCode, trouble.code, trouble.next]).toEqual([9, kind, expect.stringMatching(next)])
  expect(reasonOf(trouble)).toContain(`"${message}" (${code})`)
  await expect(system.read.sessions(target)).rejects.toMatchObject({ exitCode: 9, code: kind })
  await system.close()
})
