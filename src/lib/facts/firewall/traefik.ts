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

const flag = /^--?entry-?points\.([\w-]+)\.([\w.]+)(?:=(.*))?$/i
const switches = /\.insecure$/i
const variable = /^TRAEFIK_ENTRYPOINTS_([A-Z0-9-]+)_((?:FORWARDEDHEADERS|PROXYPROTOCOL)_\w+|ADDRESS)$/

const wordsOf = ({ args = [], command = [] }: Container): readonly string[] => [...command, ...args]

/** A flag's value stands behind its `=`, or in the next word; a switch has none. */
const fromFlags = (words: readonly string[]): readonly Setting[] =>
  words.flatMap((word, i) => {
    const [found, name = '', key = '', value] = flag.exec(word) ?? []
    if (found === undefined) return []
    return [[name.toLowerCase(), key.toLowerCase(), value ?? (switches.test(key) ? 'true' : (words[i + 1] ?? ''))] as const]
  })

const fromVariables = ({ env = [] }: Container): readonly Setting[] =>
  env.flatMap(({ name: word, value = '' }) => {
    const [found, name = '', key = ''] = variable.exec(word) ?? []
    return found === undefined ? [] : [[name.toLowerCase(), key.toLowerCase().replace('_', '.'), value] as const]
  })

const fileName = /\.(?:ya?ml|toml)$/

/** It was told of a file, and reads that one alone. */
const namesFile = (container: Container): boolean =>
  wordsOf(container).some((word) => /^--?configfile(?:=|$)/i.test(word)) ||
  (container.env ?? []).some(({ name }) => name === 'TRAEFIK_CONFIGFILE') ||
  (container.volumeMounts ?? []).some(({ mountPath }) => /^\/etc\/traefik\/traefik\.(?:ya?ml|toml)$/.test(mountPath))

const looksForFile = (container: Container): boolean =>
  namesFile(container) || (container.volumeMounts ?? []).some(({ mountPath }) => /^\/etc\/traefik\/?$/.test(mountPath))

/** Traefik's static file, where a ConfigMap is mounted as such; undefined where it reads one that is not to be had here. */
const fromFile = async (container: Container, { volumes = [] }: TraefikPod, kube: KubeReader): Promise<readonly Setting[] | undefined> => {
  if (!looksForFile(container)) return []
  const maps = volumes.flatMap(({ name, configMap }) =>
    configMap?.name !== undefined && container.volumeMounts?.some((mount) => mount.name === name) ? [configMap.name] : [],
  )
  const found = await Promise.all(maps.map((name) => kube.configMap('kube-system', name)))
  const files = found.flatMap((data) => Object.entries(data ?? {}).filter(([file]) => fileName.test(file)))
  if (files.length === 0) return namesFile(container) ? undefined : []
  const read = await Promise.all(files.map(([file, text]) => readFile(file, text)))
  return read.includes(undefined) ? undefined : read.flatMap((one) => settingsIn(one))
}

const readFile = async (file: string, text: string): Promise<unknown> =>
  file.endsWith('.toml') ? (await import('../../toml-text.ts')).parseToml(text) : (await import('../../yaml-text.ts')).parseYaml(text)

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

/** Traefik reads one place alone: its file; without one the flags, whatever they are; without any the variables. */
const settingsOf = async (container: Container, pod: TraefikPod, kube: KubeReader): Promise<readonly Setting[] | undefined> => {
  const file = await fromFile(container, pod, kube)
  if (file === undefined || file.length > 0) return file
  const words = wordsOf(container)
  return words.some((word) => word.startsWith('-')) ? fromFlags(words) : fromVariables(container)
}

/** As Go reads a truth. */
const isTrue = (text: string | undefined): boolean => /^(?:1|t|true)$/i.test(text ?? '')

const inContainer = async (container: Container, pod: TraefikPod, kube: KubeReader): Promise<readonly Trust[] | undefined> => {
  const settings = await settingsOf(container, pod, kube)
  return settings && pointsOf(settings, container)
}

const pointsOf = (settings: readonly Setting[], container: Container): readonly Trust[] =>
  [...new Set(settings.map(([name]) => name))].map((name) => {
    const all = (key: string) => settings.flatMap(([of, one, value]) => (of === name && one === key ? [value] : []))
    const last = (key: string) => all(key).at(-1)
    // A list that is given again is added to.
    const lists = ['forwardedheaders.trustedips', 'proxyprotocol.trustedips'].flatMap((key) => all(key).flatMap((one) => one.split(',')))
    const insecure = ['forwardedheaders.insecure', 'proxyprotocol.insecure'].some((key) => isTrue(last(key)))
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

/** The entry points that serve 443: by their address; where none does (a Service leads 443 to another port), by the name that k3s gives it. Undefined where they stand in a file that is not to be had here. */
export const trustAt443 = async (pod: TraefikPod, kube: KubeReader): Promise<readonly Trust[] | undefined> => {
  const each = await Promise.all((pod.containers ?? []).map((container) => inContainer(container, pod, kube)))
  if (each.includes(undefined)) return undefined
  const all = each.flatMap((one) => one ?? [])
  const at443 = all.filter(({ port }) => port === 443)
  return at443.length > 0 ? at443 : all.filter(({ name }) => name === 'websecure')
}
