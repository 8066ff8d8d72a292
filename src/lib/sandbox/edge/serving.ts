import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { apr1Has } from '../../apr1.ts'
import type { Identity } from '../certificates.ts'
import type { Client, KubeObject } from '../kubernetes/types.ts'

/** One certificate that Traefik holds, and the names it is for. */
export interface Served {
  readonly names: readonly string[]
  /** Made at the first handshake that needs it. */
  context(): SecureContext
}

export interface Backend {
  readonly namespace: string
  readonly service: string
}

/** What a Traefik has read of the cluster at its last reload. */
export interface Configuration {
  readonly certificates: readonly Served[]
  /** Of the TLSStore `default`; no other store counts. */
  readonly store?: Served
  /** Host name → service. */
  readonly hosts: ReadonlyMap<string, Backend>
  /** Host name → lines of htpasswd, where a middleware asks for a login. */
  readonly logins: ReadonlyMap<string, readonly string[]>
}

/** Reads Ingresses, the TLSStore and the Secrets they name. A pair whose keys are missing, empty or of two minds is left out, as if it were not there. */
export function configurationOf(client: Client): Configuration {
  const ingresses = client.list({ group: 'networking.k8s.io', resource: 'ingresses' })
  const hosts = new Map<string, Backend>()
  const logins = new Map<string, readonly string[]>()
  const secrets = new Set<string>()
  for (const ingress of ingresses) {
    const namespace = ingress.metadata.namespace ?? ''
    const { rules = [], tls = [] } = ingress.spec as IngressSpec
    const users = usersOf(client, ingress)
    for (const { host, http } of rules) {
      // A router whose middleware cannot be made is none.
      if (host === undefined || users === 'none') continue
      if (users) logins.set(host, users)
      const service = http?.paths[0]?.backend.service.name
      if (service !== undefined && !hosts.has(host)) hosts.set(host, { namespace, service })
    }
    for (const { secretName } of tls) if (secretName) secrets.add(`${namespace}/${secretName}`)
  }
  // Two Secrets with the same names: the first by namespace and name wins.
  const certificates = [...secrets].sort().flatMap((place) => served(client, place) ?? [])
  const store = storeOf(client)
  return { certificates, hosts, logins, ...(store ? { store } : {}) }
}

/** The users of whom its middlewares want one; undefined where none does, `none` where their Secret is not what Traefik reads: one key, with lines. */
function usersOf(client: Client, { metadata }: KubeObject): readonly string[] | 'none' | undefined {
  const named = (metadata.annotations?.['traefik.ingress.kubernetes.io/router.middlewares'] ?? '').split(',').map((one) => one.trim())
  for (const one of client.list({ group: 'traefik.io', resource: 'middlewares' })) {
    const { namespace, name } = one.metadata
    const secret = (one.spec as { readonly basicAuth?: { readonly secret?: string } } | undefined)?.basicAuth?.secret
    if (secret === undefined || !named.includes(`${namespace}-${name}@kubernetescrd`)) continue
    const values = Object.values((client.get({ group: '', resource: 'secrets' }, secret, namespace)?.data ?? {}) as Record<string, string>)
    const lines = Buffer.from(values[0] ?? '', 'base64')
      .toString()
      .split('\n')
      .filter(Boolean)
    return values.length === 1 && lines.length > 0 ? lines : 'none'
  }
  return undefined
}

/** Whether one of these lines lets a request in. Hashed by apr1 alone: the sandbox makes no others. */
export function letsIn(lines: readonly string[], authorization: string | undefined): boolean {
  const said = Buffer.from(/^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization ?? '')?.[1] ?? '', 'base64').toString()
  const [user = '', password = ''] = [said.slice(0, said.indexOf(':')), said.slice(said.indexOf(':') + 1)]
  return user !== '' && lines.some((line) => line.startsWith(`${user}:`) && apr1Has(line.slice(user.length + 1), password) === true)
}

interface IngressSpec {
  readonly rules?: readonly {
    readonly host?: string
    readonly http?: { readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[] }
  }[]
  readonly tls?: readonly { readonly secretName?: string }[]
}

function storeOf(client: Client): Served | undefined {
  const store = client.list({ group: 'traefik.io', resource: 'tlsstores' }).find(({ metadata }) => metadata.name === 'default')
  const spec = store?.spec as { readonly defaultCertificate?: { readonly secretName?: string } } | undefined
  const name = spec?.defaultCertificate?.secretName
  return name === undefined ? undefined : served(client, `${store?.metadata.namespace}/${name}`)
}

function served(client: Client, place: string): Served | undefined {
  const [namespace, name = ''] = place.split('/')
  const data = client.get({ group: '', resource: 'secrets' }, name, namespace)?.data as KubeObject['data'] as
    | Record<string, string>
    | undefined
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString()
  return servedFrom({ certificate: text('tls.crt'), key: text('tls.key') })
}

/** By certificate and key: every Traefik reads the same few Secrets again and again, at each reload and each reset. */
const read = new Map<string, Served | undefined>()
const mostRead = 50

/** The pair, ready to be served; undefined where certificate and key do not belong together. */
export function servedFrom(pair: Identity): Served | undefined {
  const key = `${pair.certificate}\0${pair.key}`
  if (!read.has(key)) {
    const [oldest] = read.size < mostRead ? [] : read.keys()
    if (oldest !== undefined) read.delete(oldest)
    read.set(key, readPair(pair))
  }
  return read.get(key)
}

// Each context names some `ca`: without one, node loads every public authority into it, which takes longer than the whole rest.
function readPair({ certificate, key }: Identity): Served | undefined {
  try {
    const leaf = new X509Certificate(certificate)
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return undefined
    const names = (leaf.subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []))
    let made: SecureContext | undefined
    return {
      names,
      context: () => {
        made ??= createSecureContext({ cert: certificate, key, ca: certificate })
        return made
      },
    }
  } catch {
    return undefined
  }
}

/** The certificate for a server name: an exact name before a wildcard of one level. */
export function certificateFor(certificates: readonly Served[], servername: string): Served | undefined {
  const name = servername.toLowerCase()
  const wild = name.replace(/^[^.]+/, '*')
  return certificates.find(({ names }) => names.includes(name)) ?? certificates.find(({ names }) => names.includes(wild))
}
