import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import type { Clock } from '../../clock.ts'
import type { Loaded } from '../../environment/kubeconfig.ts'
import { malformed } from '../../environment/kubeconfig-file.ts'
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts'

/** Adds the authority, and who we are, to a request. */
export type Authenticate = (wanted: RequestOptions) => Promise<void>

interface Asking {
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** As kubectl authenticates by this context: certificates, a token, a token's file that is read each time, a password, another program; and whom to speak for. */
export const authenticator = (loaded: Loaded, { clock, signal }: Asking): Authenticate => {
  const { cluster, user, server } = loaded
  const tls: RequestOptions = {
    ...(loaded.ca !== undefined && { ca: loaded.ca }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : { rejectUnauthorized: true }),
    ...(cluster['tls-server-name'] ? { servername: String(cluster['tls-server-name']) } : {}),
  }
  let given: Promise<ExecCredential> | undefined
  const plugin = async (): Promise<ExecCredential> => {
    const before = await given?.catch(() => undefined)
    if (before && (before.expires === undefined || before.expires > clock.now().getTime())) return before
    given = runExecPlugin(loaded, signal)
    return given
  }
  return async (wanted) => {
    Object.assign(wanted, tls)
    // Over plain HTTP kubectl says not who it is.
    if (server.startsWith('http:')) return
    const headers: Record<string, string | readonly string[]> = {
      ...(wanted.headers as Readonly<Record<string, string>>),
      ...impersonation(loaded),
    }
    const token = await tokenOf(loaded)
    if (loaded.certificate !== undefined) Object.assign(wanted, { cert: loaded.certificate, key: loaded.key })
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    else if (user.username) headers.authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
    else if (user.exec) {
      const { token: lent, certificate, key } = await plugin()
      if (lent !== undefined) headers.authorization = `Bearer ${lent}`
      if (certificate !== undefined) Object.assign(wanted, { cert: certificate, key })
    } else if (user['auth-provider']) Object.assign(headers, await fromProvider(loaded))
    wanted.headers = headers as Record<string, string | string[]>
  }
}

/** The file wins over the token beside it, as long as it can be read. */
const tokenOf = async ({ path, user }: Loaded): Promise<string | undefined> => {
  const written = typeof user.token === 'string' && user.token !== '' ? user.token : undefined
  if (typeof user.tokenFile !== 'string' || user.tokenFile === '') return written
  const read = await readFile(user.tokenFile, 'utf8').catch((error: unknown) => {
    if (written !== undefined) return written
    throw malformed(path, `its tokenFile ${user.tokenFile} cannot be read`, error)
  })
  if (read.trim() === '' && written === undefined) throw malformed(path, `its tokenFile ${user.tokenFile} is empty`)
  return read.trim() || written
}

const impersonation = ({ user }: Loaded): Readonly<Record<string, string | readonly string[]>> => {
  const extra = (user['as-user-extra'] ?? {}) as Readonly<Record<string, readonly string[]>>
  return {
    ...(user.as ? { 'impersonate-user': String(user.as) } : {}),
    ...(user['as-uid'] ? { 'impersonate-uid': String(user['as-uid']) } : {}),
    ...(Array.isArray(user['as-groups']) && { 'impersonate-group': user['as-groups'] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`, values]),
    ),
  }
}

/** OpenID Connect by an old file: the library knows how, and is read for nothing else. */
const fromProvider = async ({ path, context, server, cluster, user }: Loaded): Promise<Readonly<Record<string, string>>> => {
  const { KubeConfig } = await import('./client-node.ts')
  const config = new KubeConfig()
  config.loadFromString(
    JSON.stringify({
      'current-context': context,
      contexts: [{ name: context, context: { cluster: 'it', user: 'it' } }],
      clusters: [{ name: 'it', cluster: { ...cluster, server } }],
      users: [{ name: 'it', user }],
    }),
  )
  const wanted: RequestOptions = {}
  await config.applyToHTTPSOptions(wanted).catch((error: unknown) => {
    throw malformed(path, 'its auth-provider gave no credentials', error)
  })
  const { Authorization: authorization } = (wanted.headers ?? {}) as Readonly<Record<string, string | undefined>>
  return authorization === undefined ? {} : { authorization }
}
