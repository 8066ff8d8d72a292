import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { storage as facts, storageHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { httpsTo } from '../../../src/lib/systems/https.ts'
import { signed } from '../../../src/lib/systems/storage/sign.ts'
import { key, type StorageWorld } from '../../contract/storage/world.ts'
import { built } from '../built.ts'
import { answering, freePort, startServer } from '../processes.ts'

/** Whom it knows, and who owns nothing there. */
const guest = { access: 'guest-of-the-contract', secret: 'guest-and-nothing-else' }

const files = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile())
    : []

/** versitygw over TLS, on a folder of this machine: signatures, regions, clocks, URLs, parts and versions are all its own. It has no lifecycle rules. */
export const realStorage = async (): Promise<StorageWorld> => {
  const command = built('versitygw')
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-versitygw-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const [data, versions, accounts] = ['data', 'versions', 'accounts'].map((name) => {
    mkdirSync(join(folder, name))
    return join(folder, name)
  }) as [string, string, string]
  const authority = createAuthority('honeyDue real')
  const identity = authority.issue({ commonName: storageHost, names: [storageHost] })
  const caFile = file('ca.crt', authority.certificate)
  const known = { accessAccounts: { [guest.access]: { ...guest, role: 'user', userID: 0, groupID: 0, projectID: 0 } } }
  file('accounts/users.json', JSON.stringify(known))
  const port = await freePort()
  const [id = '', secret = ''] = key.split(':')
  // The bucket's name has a capital letter, as Backblaze allows.
  const own = ['--port', `127.0.0.1:${port}`, '--region', facts.region, '--disable-strict-bucket-names', '--quiet']
  const tls = ['--cert', file('server.crt', identity.certificate), '--key', file('server.key', identity.key)]
  const running = await startServer(
    command,
    [...own, ...tls, '--access', id, '--secret', secret, '--iam-dir', accounts, 'posix', '--versioning-dir', versions, data],
    { cwd: folder },
  )
  const hostaddr = { [storageHost]: `127.0.0.1:${port}` }
  const send = httpsTo({ hostaddr, caFile })
  /** One request as its owner sends it. */
  const asked = async (method: string, path: string, body = ''): Promise<string> => {
    const url = new URL(path, `https://${storageHost}`)
    const headers = signed({ id, key: secret, region: facts.region }, new Date(), { method, url, body })
    const response = await send(url, {
      method,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      body,
      signal: AbortSignal.timeout(5000),
    })
    let text = ''
    for await (const chunk of response) text += chunk
    if ((response.statusCode ?? 500) >= 300) throw new Error(`versitygw answered ${response.statusCode} to ${method} ${path}: ${text}`)
    return text
  }
  let frozen = false
  const thaw = () => {
    if (frozen) process.kill(running.pid, 'SIGCONT')
    frozen = false
  }
  const stop = async () => {
    thaw()
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const bucket = `/${facts.bucket}`
  try {
    await answering(() => asked('GET', '/'), 'versitygw')
    await asked('PUT', bucket)
    const enabled =
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    await asked('PUT', `${bucket}?versioning=`, enabled)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    hostaddr,
    caFile,
    async fill(keys) {
      for (const one of keys) {
        const path = join(data, facts.bucket, one)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, '')
      }
    },
    kept: async () => [...files(join(data, facts.bucket)), ...files(versions)],
    begin: async (one) => {
      await asked('POST', `${bucket}/${one}?uploads=`)
    },
    weak: async () => `${guest.access}:${guest.secret}`,
    async silent() {
      frozen = true
      process.kill(running.pid, 'SIGSTOP')
    },
    async reset() {
      thaw()
      for (const place of [join(data, facts.bucket), versions])
        for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true })
    },
    stop,
  }
}
