import type { KubeReader } from '../../systems/kube/types.ts'

/** One other place that holds Cloudflare's ranges; `ranges` is undefined where it is not set at all. */
export interface OtherList {
  readonly where: string
  readonly ranges?: readonly string[]
}

interface Commanded {
  readonly args?: readonly string[]
  readonly command?: readonly string[]
}

/** Traefik's trusted addresses and the middleware `cloudflare-only`: with the firewall changed alone, client addresses are wrong or requests get 403. */
export const otherLists = async (kube: KubeReader, namespace: string): Promise<readonly OtherList[]> => {
  const [traefik, middlewares] = await Promise.all([
    kube.get('DaemonSet', 'traefik', 'kube-system'),
    kube.list('Middleware', { namespace }),
  ])
  const containers = (traefik?.spec.template.spec.containers ?? []) as readonly Commanded[]
  const words = containers.flatMap(({ args = [], command = [] }) => [...command, ...args])
  const trusted = words.flatMap((word) => {
    const [, ranges] = /^--entry-?points\.[\w-]+\.(?:forwardedheaders|proxyprotocol)\.trustedips=(.*)$/i.exec(word) ?? []
    return ranges === undefined ? [] : ranges.split(',')
  })
  return [
    { where: "Traefik's trusted addresses (kube-system/traefik)", ...(trusted.length > 0 && { ranges: trusted }) },
    ...middlewares.flatMap(({ metadata, spec }) => {
      const { ipAllowList, ipWhiteList } = spec as { readonly [name: string]: { readonly sourceRange?: readonly string[] } | undefined }
      const ranges = (ipAllowList ?? ipWhiteList)?.sourceRange
      return ranges ? [{ where: `Middleware ${namespace}/${metadata.name}`, ranges }] : []
    }),
  ]
}

/** How a list differs from the published ranges; private addresses beside them are its own business. */
export const differenceOf = (
  { ranges = [] }: OtherList,
  published: readonly string[],
): { readonly lacks: readonly string[]; readonly has: readonly string[] } => {
  const held = ranges.map((range) => range.trim().toLowerCase())
  const own = /^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd]|::1)/
  return {
    lacks: published.filter((range) => !held.includes(range)),
    has: held.filter((range) => !published.includes(range) && !own.test(range)),
  }
}
