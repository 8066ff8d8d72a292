import type { KubeObject, KubeReader } from '../../systems/kube/types.ts'

/** secret-rotation.md names the Secret and its files; its namespace is looked up. */
export const originSecret = 'cloudflare-origin-cert'
export const originBase = 'deploy-k3s/secrets/cloudflare-origin'

/** Where the origin certificate is used, as the cluster's Ingresses and TLSStore say. */
export interface CertificatePlaces {
  /** Namespaces in which something names the Secret: one, if all is well. */
  readonly namespaces: readonly string[]
  /** Host names that are served with it. */
  readonly hosts: readonly string[]
  /** Other Secrets that Traefik loads too, as namespace/name. */
  readonly others: readonly string[]
}

interface Routing {
  readonly tls?: readonly { readonly secretName?: string; readonly hosts?: readonly string[] }[]
  readonly rules?: readonly { readonly host?: string }[]
}

/** Asks the cluster which namespace the Secret is in, and which names it is for. */
export const findPlaces = async (kube: KubeReader): Promise<CertificatePlaces> => {
  const [ingresses, stores] = await Promise.all([kube.list('Ingress'), kube.list('TLSStore')])
  const loaded = [...ingresses.flatMap(secretsOf), ...stores.flatMap(secretsOfStore)]
  const ours = (place: string) => place.endsWith(`/${originSecret}`)
  const hosts = ingresses.filter((ingress) => secretsOf(ingress).some(ours)).flatMap(hostsOf)
  const namespaces = loaded.filter(ours).map((place) => place.slice(0, place.indexOf('/')))
  return {
    namespaces: [...new Set(namespaces)].sort(),
    hosts: [...new Set(hosts)].sort(),
    others: [...new Set(loaded.filter((place) => !ours(place)))].sort(),
  }
}

const secretsOf = ({ metadata, spec }: KubeObject): readonly string[] =>
  ((spec as Routing | undefined)?.tls ?? []).flatMap(({ secretName }) => (secretName ? [`${metadata.namespace}/${secretName}`] : []))

const hostsOf = ({ spec }: KubeObject): readonly string[] => {
  const { tls = [], rules = [] } = (spec ?? {}) as Routing
  return [...tls.flatMap(({ hosts = [] }) => hosts), ...rules.flatMap(({ host }) => host ?? [])]
}

interface Store {
  readonly defaultCertificate?: { readonly secretName?: string }
  readonly certificates?: readonly { readonly secretName?: string }[]
}

/** Only the store named `default` counts: what it serves to a name that nobody has, and what it adds to choose from. */
const secretsOfStore = ({ metadata, spec }: KubeObject): readonly string[] => {
  const { defaultCertificate, certificates = [] } = (spec ?? {}) as Store
  const names = [defaultCertificate, ...certificates].flatMap((one) => one?.secretName || [])
  return metadata.name === 'default' ? names.map((name) => `${metadata.namespace}/${name}`) : []
}
