import { apr1Has } from '../../apr1.ts'
import type { Environment } from '../../environment/schema.ts'
import type { Secret } from '../../secret.ts'
import type { KeptKey, KeptSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** The one user whom Traefik lets in by a Secret: a line of htpasswd. */
export interface BasicUser {
  readonly secret: KeptSecret
  /** Under which the line stands: Traefik takes the only one that there is. */
  readonly key: KeptKey
  readonly user: string
  /** The whole line. */
  readonly line: Secret
}

/** The line of a Secret, or why it is none that could be rotated. */
export const basicUserOf = async (
  { namespace, basicAuth: { secret } }: Pick<Environment, 'namespace' | 'basicAuth'>,
  { kube }: Readers<'kube'>,
): Promise<BasicUser | string> => {
  const found = (await kube.secrets(namespace)).find(({ name }) => name === secret)
  const [one, ...more] = found?.keys ?? []
  if (!found || !one) return `there is no Secret ${namespace}/${secret}`
  if (found.type === 'kubernetes.io/basic-auth') return `${secret} has a user and a password in the clear, and no line of htpasswd`
  if (more.length > 0) return `${secret} has ${more.length + 1} keys: Traefik takes a Secret of one`
  const line = await kube.secret(namespace, secret, one.name)
  const lines = (line?.reveal() ?? '').split('\n').filter((text) => text.trim() !== '')
  const user = /^([^:\s]+):\S+$/.exec(lines[0]?.trim() ?? '')?.[1]
  if (!line || user === undefined) return `${secret} has no line of htpasswd`
  if (lines.length > 1) return `${secret} has ${lines.length} users: which of them it is about nobody says`
  return { secret: found, key: one, user, line }
}

/** Whether the line has this password; undefined where it is hashed in a way that is not looked into here. */
export const passwordOf = (line: Secret, user: string, password: Secret): boolean | undefined => {
  const text = line.reveal().trim()
  return text.startsWith(`${user}:`) ? apr1Has(text.slice(user.length + 1), password.reveal()) : false
}

/** The same, where what is not known counts as another one. */
export const lineHas = (line: Secret, user: string, password: Secret): boolean => passwordOf(line, user, password) === true

/** The public names for which a middleware asks by that Secret: an Ingress names it in its annotation. */
export const askedFor = async (
  { namespace, basicAuth: { secret } }: Pick<Environment, 'namespace' | 'basicAuth'>,
  { kube }: Readers<'kube'>,
): Promise<{ readonly middlewares: readonly string[]; readonly hosts: readonly string[] }> => {
  const [all, ingresses] = await Promise.all([kube.list('Middleware', { namespace }), kube.list('Ingress', { namespace })])
  const middlewares = all.flatMap(({ metadata, spec }) => {
    const { basicAuth } = (spec ?? {}) as { readonly basicAuth?: { readonly secret?: string } }
    return basicAuth?.secret === secret ? [metadata.name] : []
  })
  const hosts = ingresses.flatMap(({ metadata, spec }) => {
    const named = (metadata.annotations?.['traefik.ingress.kubernetes.io/router.middlewares'] ?? '').split(',').map((one) => one.trim())
    const asks = middlewares.some((name) => named.includes(`${namespace}-${name}@kubernetescrd`))
    const { rules = [] } = (spec ?? {}) as { readonly rules?: readonly { readonly host?: string }[] }
    return asks ? rules.flatMap(({ host }) => host ?? []) : []
  })
  return { middlewares, hosts: [...new Set(hosts)] }
}
