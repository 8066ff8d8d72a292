import type { Environment } from '../../environment/schema.ts'
import { type ShellLine, sh } from '../../shell.ts'
import type { KubeObject, KubeReader } from '../../systems/kube/types.ts'
import { isPrivate } from './passage.ts'
import { overlap, spansOf, without } from './spans.ts'
import { type TraefikPod, trustAt443 } from './traefik.ts'

/** One other place that holds Cloudflare's ranges; `ranges` is undefined where it is not set at all. */
export interface OtherList {
  readonly where: string
  readonly ranges?: readonly string[]
  /** Why it is not known what stands there. */
  readonly unread?: string
  /** Entry points that take anybody's word about the client's address, whatever the list says. */
  readonly anybody?: readonly string[]
  /** What in it is the deployment's own: nodes and private networks. */
  readonly own?: readonly string[]
  /** The object as kubectl names it, where its list is, and the value there as it is and as it would be with these ranges. */
  readonly at?: {
    readonly namespace: string
    readonly kind: string
    readonly name: string
    readonly path: string
    readonly now: unknown
    readonly with: (ranges: readonly string[]) => unknown
  }
}

type Deployment = Pick<Environment, 'nodes' | 'namespace'>

/** Traefik's trusted addresses and the middleware `cloudflare-only`: with the firewall changed alone, client addresses are wrong or requests get 403. */
export const otherLists = async (
  kube: KubeReader,
  { namespace, nodes }: Deployment,
  published: Promise<readonly string[]>,
): Promise<readonly OtherList[]> => {
  const [ranges, traefik, now, before] = await Promise.all([
    published,
    traefikIn(kube),
    kube.list('Middleware', { namespace }),
    kube.list('FormerMiddleware', { namespace }),
  ])
  const { pod = {}, kind } = traefik ?? {}
  const points = await trustAt443(pod, kube)
  const ours = nodes.flatMap(({ address, ipv6 }) => [address, ...(ipv6 === undefined ? [] : [ipv6])])
  const trusted = [...new Set((points ?? []).flatMap((point) => point.trusted))]
  const anybody = (points ?? []).filter(({ insecure }) => insecure).map(({ name }) => name)
  const at = kind && argument(pod, kind)
  const unread = traefik
    ? points === undefined && 'they stand in a file that is in no ConfigMap of kube-system, or not as YAML or TOML is read here'
    : 'kube-system has no DaemonSet and no Deployment of that name'
  return [
    {
      where: "Traefik's trusted addresses (kube-system/traefik)",
      ...(trusted.length > 0 && { ranges: trusted, own: ownOf(trusted, ours) }),
      ...(anybody.length > 0 && { anybody }),
      ...(unread && { unread }),
      ...(at && { at }),
    },
    ...now.flatMap((one) => ofMiddleware(one, 'middlewares.traefik.io', ours, ranges)),
    ...before.flatMap((one) => ofMiddleware(one, 'middlewares.traefik.containo.us', ours, ranges)),
  ]
}

/** k3s's Traefik: a DaemonSet here, a Deployment as k3s itself has it. */
const traefikIn = async (
  kube: KubeReader,
): Promise<{ readonly kind: 'daemonset' | 'deployment'; readonly pod: TraefikPod } | undefined> => {
  const everywhere = await kube.get('DaemonSet', 'traefik', 'kube-system')
  if (everywhere) return { kind: 'daemonset', pod: (everywhere.spec.template.spec ?? {}) as TraefikPod }
  const some = await kube.get('Deployment', 'traefik', 'kube-system')
  return some && { kind: 'deployment', pod: (some.spec.template.spec ?? {}) as TraefikPod }
}

const isOwn = (source: string, ours: readonly string[]): boolean => {
  const own = ours.flatMap(spansOf)
  return isPrivate(source) || (spansOf(source).length > 0 && without(spansOf(source), own).length === 0)
}
const ownOf = (ranges: readonly string[], ours: readonly string[]): readonly string[] => ranges.filter((one) => isOwn(one, ours))

/** An allow list is Cloudflare's where it says so, or holds some of its ranges: others have other lists of their own. */
const ofMiddleware = (
  { metadata, spec }: KubeObject,
  plural: string,
  ours: readonly string[],
  published: readonly string[],
): readonly OtherList[] => {
  const lists = spec as { readonly [name: string]: { readonly sourceRange?: readonly string[] } | undefined }
  const kind = lists['ipAllowList'] ? 'ipAllowList' : 'ipWhiteList'
  const ranges = lists[kind]?.sourceRange
  const all = published.flatMap(spansOf)
  if (!ranges || !(metadata.name.includes('cloudflare') || ranges.some((range) => overlap(spansOf(range), all)))) return []
  return [
    {
      where: `Middleware ${metadata.namespace}/${metadata.name}`,
      ranges,
      own: ownOf(ranges, ours),
      at: {
        namespace: metadata.namespace ?? '',
        kind: plural,
        name: metadata.name,
        path: `/spec/${kind}/sourceRange`,
        now: ranges,
        with: (wanted) => wanted,
      },
    },
  ]
}

/** The flag that holds the list. */
const argument = ({ containers = [] }: TraefikPod, kind: string): OtherList['at'] => {
  for (const [i, { args = [] }] of containers.entries())
    for (const [j, word] of args.entries()) {
      const [found, begin = ''] = /^(--entry-?points\.[\w-]+\.(?:forwardedheaders|proxyprotocol)\.trustedips=).*$/i.exec(word) ?? []
      if (found === undefined) continue
      return {
        namespace: 'kube-system',
        kind,
        name: 'traefik',
        path: `/spec/template/spec/containers/${i}/args/${j}`,
        now: word,
        with: (ranges) => `${begin}${ranges.join(',')}`,
      }
    }
  return undefined
}

/** How a list differs from the published ranges; private addresses and the nodes' own beside them are its own business. */
export const differenceOf = (
  { ranges = [], own = [] }: OtherList,
  published: readonly string[],
): { readonly lacks: readonly string[]; readonly has: readonly string[] } => {
  const [held, all] = [ranges.flatMap((range) => spansOf(range.trim())), published.flatMap(spansOf)]
  const strange = ranges.map((range) => range.trim().toLowerCase()).filter((range) => !own.includes(range) && !isPrivate(range))
  return {
    lacks: published.filter((range) => without(spansOf(range), held).length > 0),
    has: strange.filter((range) => spansOf(range).length === 0 || without(spansOf(range), all).length > 0),
  }
}

/** The line that brings a list to the published ranges, what is its own kept; it does nothing where the list has changed meanwhile. */
export const lineFor = ({ at, own = [] }: OtherList, published: readonly string[]): ShellLine | undefined => {
  if (!at) return undefined
  const patch = [
    { op: 'test', path: at.path, value: at.now },
    { op: 'replace', path: at.path, value: at.with([...own, ...published]) },
  ]
  return sh`kubectl -n ${at.namespace} patch ${at.kind} ${at.name} --type json -p ${JSON.stringify(patch)}`
}
