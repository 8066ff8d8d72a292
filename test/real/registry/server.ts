import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { registryHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { credentials, type RegistryAuth, type RegistryWorld, repository, tag } from '../../contract/registry/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, type Running, startServer, unprivileged } from '../processes.ts'
import { issuer, service, startTokenService, tokenHost } from './token-service.ts'

/** The one user, as htpasswd -B writes it: crypt(3) of Debian's perl knows bcrypt, Node does not. */
const users = (): string => {
  const [user = '', password = ''] = credentials.split(':')
  const salt = '$2y$05$abcdefghijklmnopqrstuu'
  return `${user}:${execFileSync('perl', ['-e', 'print crypt($ENV{PASSWORD}, $ENV{SALT})'], { encoding: 'utf8', env: { PASSWORD: password, SALT: salt } })}\n`
}

/** Debian's docker-registry over TLS, with the index of one image in it. */
export const realRegistry = (auth: RegistryAuth) => async (): Promise<RegistryWorld> => {
  const command = installed('docker-registry', 'docker-registry')
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-registry-'))
  const own = (path: string) => {
    const { uid, gid } = unprivileged
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
    return path
  }
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return own(path)
  }
  own(folder)
  mkdirSync(join(folder, 'data'))
  own(join(folder, 'data'))
  const authority = createAuthority('honeyDue real')
  const identity = authority.issue({ commonName: registryHost, names: [registryHost] })
  const ca = file('ca.crt', authority.certificate)
  const tls = { certificate: file('server.crt', identity.certificate), key: file('server.key', identity.key) }
  const tokens = await startTokenService(authority)
  let running: Running | undefined
  let frozen = false
  const start = async (more: object, http: object): Promise<number> => {
    const port = await freePort()
    const configuration = {
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') } },
      http: { addr: `127.0.0.1:${port}`, ...http },
      ...more,
    }
    running = await startServer(command, ['serve', file('config.yml', stringify(configuration))], { cwd: folder, as: unprivileged })
    return port
  }
  const thaw = () => {
    if (frozen && running) process.kill(running.pid, 'SIGCONT')
    frozen = false
  }
  const stop = async () => {
    thaw()
    await running?.stop()
    await tokens.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // Filled while it asks for nothing.
    const open = `http://127.0.0.1:${await start({}, {})}`
    await answering(() => fetch(`${open}/v2/`), 'docker-registry')
    await push(open)
    await running?.stop()
    const realm = `https://${tokenHost}/token`
    const asks =
      auth === 'token'
        ? { token: { realm, service, issuer, rootcertbundle: ca } }
        : { htpasswd: { realm: 'registry', path: file('users', users()) } }
    const port = await start({ auth: asks }, { tls })
    // It greets nobody without credentials: any answer will do, and it speaks TLS.
    await answering(() => fetch(`http://127.0.0.1:${port}/`), 'docker-registry')
    return {
      hostaddr: { [registryHost]: `127.0.0.1:${port}`, [tokenHost]: `127.0.0.1:${tokens.port}` },
      caFile: ca,
      async silent() {
        frozen = true
        if (running) process.kill(running.pid, 'SIGSTOP')
      },
      reset: async () => thaw(),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** Pushes an index with one image of no layers, as buildx does it. */
const push = async (at: string): Promise<void> => {
  const kind = (name: string) => `application/vnd.oci.image.${name}.v1+json`
  const put = async (url: string, text: string, type: string): Promise<{ digest: string; size: number; mediaType: string }> => {
    const answer = await fetch(url, { method: 'PUT', body: text, headers: { 'content-type': type } })
    if (!answer.ok) throw new Error(`docker-registry did not take ${url}: ${answer.status} ${await answer.text()}`)
    return { digest: digestOf(text), size: Buffer.byteLength(text), mediaType: type }
  }
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
  const begun = await fetch(`${at}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const upload = new URL(begun.headers.get('location') ?? '', at)
  upload.searchParams.set('digest', digestOf(config))
  const { digest, size } = await put(upload.href, config, 'application/octet-stream')
  const described = { schemaVersion: 2, mediaType: kind('manifest'), config: { mediaType: kind('config'), digest, size }, layers: [] }
  const text = JSON.stringify(described)
  const manifest = await put(`${at}/v2/${repository}/manifests/${digestOf(text)}`, text, kind('manifest'))
  const manifests = [{ ...manifest, platform: { architecture: 'amd64', os: 'linux' } }]
  await put(
    `${at}/v2/${repository}/manifests/${tag}`,
    JSON.stringify({ schemaVersion: 2, mediaType: kind('index'), manifests }),
    kind('index'),
  )
}
