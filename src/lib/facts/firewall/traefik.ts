import type { KubeReader } from '../../systems/kube/types.ts'

/** Whose word about the client's address an entry point takes. */
export interface Trust {
  /** By its name, in small letters. */
  readonly name: string
  readonly port?: number
  readonly trusted: readonly string[]
  /** Everybody's. */
  readonly insecure: boolean
}

interface Container {
  readonly args?: readonly string[]
  readonly command?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly ports?: readonly { readonly containerPort?: number; readonly hostPort?: number }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[]
}

export interface TraefikPod {
  readonly containers?: readonly Container[]
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name?: string } }[]
}

/** One setting of one entry point, as a flag, a variable or a file has it: `forwardedheaders.trustedips`, with its value. */
type Setting = readonly [name: string, key: string, value: string]

const flag = /^--entry-?points\.([\w-]+)\.([\w.]+)(?:=(.*))?$/i
const variable = /^TRAEFIK_ENTRYPOINTS_([A-Z0-9-]+)_((?:FORWARDEDHEADERS|PROXYPROTOCOL)_\w+|ADDRESS)$/

const fromFlags = ({ args = [], command = [] }: Container): readonly Setting[] =>
  [...command, ...args].flatMap((word) => {
    const [found, name = '', key = '', value = 'true'] = flag.exec(word) ?? []
    return found === undefined ? [] : [[name.toLowerCase(), key.toLowerCase(), value] as const]
  })

const fromVariables = ({ env = [] }: Container): readonly Setting[] =>
  env.flatMap(({ name: word, value = '' }) => {
    const [found, name = '', key = ''] = variable.exec(word) ?? []
    return found === undefined ? [] : [[name.toLowerCase(), key.toLowerCase().replace('_', '.'), value] as const]
  })

/** Traefik's static file, where a ConfigMap is mounted as such. */
const fromFile = async (container: Container, { volumes = [] }: TraefikPod, kube: KubeReader): Promise<readonly Setting[]> => {
  const maps = volumes.flatMap(({ name, configMap }) =>
    configMap?.name !== undefined && container.volumeMounts?.some((mount) => mount.name === name) ? [configMap.name] : [],
  )
  const found = await Promise.all(maps.map((name) => kube.configMap('kube-system', name)))
  const texts = found.flatMap((data) => Object.entries(data ?? {}).flatMap(([file, text]) => (/\.ya?ml$/.test(file) ? [text] : [])))
  if (texts.length === 0) return []
  const { parseYaml } = await import('../../yaml-text.ts')
  return texts.flatMap((text) => settingsIn(parseYaml(text)))
}

const settingsIn = (file: unknown): readonly Setting[] => {
  const points = Object.entries(asObject(file)).find(([key]) => key.toLowerCase() === 'entrypoints')?.[1]
  return Object.entries(asObject(points)).flatMap(([name, point]) =>
    Object.entries(asObject(point)).flatMap(([part, value]): readonly Setting[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([key, one]) => [name.toLowerCase(), `${part}.${key}`.toLowerCase(), String(one)] as const)
        : [[name.toLowerCase(), part.toLowerCase(), String(value)]],
    ),
  )
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

const inContainer = async (container: Container, pod: TraefikPod, kube: KubeReader): Promise<readonly Trust[]> => {
  // What is said later counts: a flag over a variable over a file.
  const settings = [...(await fromFile(container, pod, kube)), ...fromVariables(container), ...fromFlags(container)]
  return [...new Set(settings.map(([name]) => name))].map((name) => {
    const last = (key: string) => settings.filter(([of, one]) => of === name && one === key).at(-1)?.[2]
    const lists = ['forwardedheaders.trustedips', 'proxyprotocol.trustedips'].flatMap((key) => last(key)?.split(',') ?? [])
    const insecure = ['forwardedheaders.insecure', 'proxyprotocol.insecure'].some((key) => last(key) === 'true')
    const [, digits] = /:(\d+)(?:\/tcp)?$/.exec(last('address') ?? '') ?? []
    const inside = Number(digits)
    const outside = container.ports?.find(({ containerPort }) => containerPort === inside)?.hostPort
    return {
      name,
      trusted: lists.map((one) => one.trim()).filter((one) => one !== ''),
      insecure,
      ...(digits !== undefined && { port: outside ?? inside }),
    }
  })
}

/** The entry points that serve 443: by their address, or where none says one, by the name that k3s gives it. */
export const trustAt443 = async (pod: TraefikPod, kube: KubeReader): Promise<readonly Trust[]> => {
  const all = (await Promise.all((pod.containers ?? []).map((container) => inContainer(container, pod, kube)))).flat()
  const at443 = all.filter(({ port }) => port === 443)
  return at443.length > 0 ? at443 : all.filter(({ name, port }) => port === undefined && name === 'websecure')
}
