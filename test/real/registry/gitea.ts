import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { registryHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { httpsTo } from '../../../src/lib/systems/https.ts'
import type { GiteaWorld } from '../../contract/registry/gitea-world.ts'
import { repository } from '../../contract/registry/world.ts'
import { built, pathOf } from '../built.ts'
import { answering, freePort, startServer, unprivileged } from '../processes.ts'

const [owner = ''] = repository.split('/')
const kind = (name: string) => `application/vnd.oci.image.${name}.v1+json`
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** Gitea with one user, whose packages are theirs alone. */
export const realGitea = async (): Promise<GiteaWorld> => {
  const command = built('gitea')
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-gitea-'))
  const own = (path: string) => {
    const { uid, gid } = unprivileged
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
    return path
  }
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return own(join(folder, name))
  }
  own(folder)
  mkdirSync(join(folder, 'data'))
  own(join(folder, 'data'))
  const authority = createAuthority('honeyDue real')
  const identity = authority.issue({ commonName: registryHost, names: [registryHost] })
  const port = await freePort()
  const sections = {
    server: {
      PROTOCOL: 'https',
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: port,
      ROOT_URL: `https://${registryHost}/`,
      CERT_FILE: file('server.crt', identity.certificate),
      KEY_FILE: file('server.key', identity.key),
      STATIC_ROOT_PATH: pathOf('gitea-static'),
      OFFLINE_MODE: true,
      DISABLE_SSH: true,
    },
    database: { DB_TYPE: 'sqlite3', PATH: join(folder, 'data/gitea.db') },
    security: { INSTALL_LOCK: true, SECRET_KEY: randomBytes(16).toString('hex') },
    service: { DEFAULT_USER_VISIBILITY: 'private' },
    log: { MODE: 'console', LEVEL: 'error' },
  }
  const text = Object.entries(sections).map(
    ([name, values]) =>
      `[${name}]\n${Object.entries(values)
        .map(([key, value]) => `${key} = ${value}\n`)
        .join('')}`,
  )
  const configuration = file('app.ini', text.join(''))
  const env = { PATH: process.env['PATH'], HOME: folder, GITEA_WORK_DIR: folder }
  const by = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(command, ['--config', configuration, ...words], { cwd: folder, env, ...unprivileged })
    return stdout.trim().split('\n').at(-1) ?? ''
  }
  const made = async () => {
    await by('migrate')
    const who = ['--username', owner]
    const always = ['--email', 'admin@example.com', '--must-change-password=false']
    await by('admin', 'user', 'create', ...who, '--password', planted.registryPassword, ...always)
    const token = (scope: string) =>
      by('admin', 'user', 'generate-access-token', ...who, '--token-name', scope, '--scopes', `${scope}:package`, '--raw')
    const [write, read] = [await token('write'), await token('read')]
    return { write, read, running: await startServer(command, ['--config', configuration, 'web'], { cwd: folder, env, as: unprivileged }) }
  }
  const removed = () => rm(folder, { recursive: true, force: true })
  const { write, read, running } = await made().catch(async (error: unknown) => {
    await removed()
    throw error
  })
  const trust = { hostaddr: { [registryHost]: `127.0.0.1:${port}` }, caFile: file('ca.crt', authority.certificate) }
  const send = httpsTo(trust)
  const asked = async (method: string, path: string, { body = '', type = '' } = {}) => {
    const response = await send(new URL(path, `https://${registryHost}`), {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${owner}:${write}`).toString('base64')}`,
        'content-length': String(Buffer.byteLength(body)),
        ...(type !== '' && { 'content-type': type }),
      },
      body,
      signal: AbortSignal.timeout(10_000),
    })
    let said = ''
    for await (const chunk of response) said += chunk
    if ((response.statusCode ?? 500) >= 300) throw new Error(`Gitea answered ${response.statusCode} to ${method} ${path}: ${said}`)
    return { said, location: response.headers.location ?? '' }
  }
  const stop = async () => {
    await running.stop()
    await removed()
  }
  try {
    await answering(() => asked('GET', '/api/healthz'), 'gitea', 600)
  } catch (error) {
    await stop()
    throw error
  }
  const blob = async (content: string) => {
    const { location } = await asked('POST', `/v2/${repository}/blobs/uploads/`)
    const upload = new URL(location, `https://${registryHost}`)
    upload.searchParams.set('digest', digestOf(content))
    await asked('PUT', `${upload.pathname}${upload.search}`, { body: content, type: 'application/octet-stream' })
    return { digest: digestOf(content), size: Buffer.byteLength(content) }
  }
  const manifest = async (version: string | undefined, mediaType: string, value: object) => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...value })
    await asked('PUT', `/v2/${repository}/manifests/${version ?? digestOf(body)}`, { body, type: mediaType })
    return { mediaType, digest: digestOf(body), size: Buffer.byteLength(body) }
  }
  /** An image of one layer, which is another one each time. */
  const pushed = async (platform: string, version?: string) => {
    const [os, architecture] = platform.split('/')
    const config = await blob(JSON.stringify({ os, architecture, rootfs: { type: 'layers', diff_ids: [] } }))
    const layer = await blob(randomBytes(16).toString('hex'))
    const described = await manifest(version, kind('manifest'), {
      config: { mediaType: kind('config'), ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    })
    return { ...described, platform: { os, architecture } }
  }
  return {
    ...trust,
    user: `${owner}:${write}`,
    async push(tag, { platforms, plain }) {
      if (plain) return void (await pushed(platforms[0] ?? '', tag))
      const manifests = []
      for (const platform of platforms) manifests.push(await pushed(platform))
      await manifest(tag, kind('index'), { manifests })
    },
    readOnly: async () => `${owner}:${read}`,
    async reset() {
      const all = JSON.parse((await asked('GET', `/api/v1/packages/${owner}?limit=100`)).said) as readonly {
        name: string
        version: string
      }[]
      for (const { name, version } of all)
        await asked('DELETE', `/api/v1/packages/${owner}/container/${encodeURIComponent(name)}/${encodeURIComponent(version)}`)
    },
    stop,
  }
}
