import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type Document, isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml'
import { Usage } from '../errors.ts'
import { production } from './production.ts'
import { type Environment, environmentSchema } from './schema.ts'
import { strayKeys } from './stray-keys.ts'

export interface Loading {
  /** `--env`: a name, or the path of a file. */
  readonly asked?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Finds the file of a sandbox that runs; given by the caller, because this folder knows no sandbox. */
  readonly sandbox: () => string | undefined
}

/** Where a value of an environment is written: the file, which may not be there yet, and the path of the environment within it, empty where it is the whole file. */
export interface SettingsPlace {
  readonly file: string
  readonly under: string
}

/** An environment, and where each of its values came from. */
export interface Loaded {
  readonly environment: Environment
  readonly settings: SettingsPlace
  /** Dotted path → "built-in", "environment variable KUBECONFIG" or "file:line". */
  readonly sources: ReadonlyMap<string, string>
}

type Values = Record<string, unknown>
interface Overlay {
  readonly values: Values
  readonly sources: Map<string, string>
  readonly file: string
  readonly under: string
  /** What of the file nothing reads. */
  readonly stray?: readonly string[]
}

/** An environment with everything that is wrong with it. */
export interface Examined {
  readonly sources: ReadonlyMap<string, string>
  /** As merged, before any check: what is wrong stands in it as it was written. */
  readonly values: Readonly<Record<string, unknown>>
  /** Absent where there are problems. */
  readonly environment?: Environment
  /** "file:line: what is wrong", every one of them. */
  readonly problems: readonly string[]
  readonly file?: string
  /** Of the environment within its file. */
  readonly under?: string
}

/** Flags > environment variables > file > built-in. Throws Usage only for a file that cannot be read or is no YAML. */
export const examineEnvironment = ({ asked, env, sandbox }: Loading): Examined => {
  const overlay = overlayFor(asked, env, sandbox)
  const values = merge(production as Values, overlay?.values ?? {})
  const sources = overlay?.sources ?? new Map<string, string>()
  const kubeconfigs = env.KUBECONFIG?.split(':').filter(Boolean) ?? []
  if (kubeconfigs.length > 0 && !leavesSandbox(overlay?.values ?? {}, kubeconfigs)) {
    values.kubeconfig = kubeconfigs
    sources.set('kubeconfig', 'environment variable KUBECONFIG')
  }
  // It takes a right away and never gives one: a file's `readonly: true` holds whatever the variable says.
  if (values.readonly !== true && !/^(|0|no|off|false)$/i.test(env.HONEYDUE_READONLY ?? '')) {
    values.readonly = true
    sources.set('readonly', 'environment variable HONEYDUE_READONLY')
  }
  const parsed = environmentSchema.safeParse(values)
  const examined = { sources, values, ...(overlay && { file: overlay.file, under: overlay.under }) }
  const stray = overlay?.stray ?? []
  if (parsed.success && stray.length === 0)
    return { ...examined, problems: [], environment: absolute(parsed.data, overlay ? dirname(overlay.file) : undefined) }
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => {
    // Each unknown key is a mistake of its own, on a line of its own.
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => {
      const at = path.map(String).join('.')
      const where = sourceOf(sources, at) ?? overlay?.file ?? 'built-in'
      return `${where}: ${at ? `${at} ` : ''}${issue.code === 'unrecognized_keys' ? 'is no setting' : issue.message}`
    })
  })
  return { ...examined, problems: [...stray, ...problems].sort((one, other) => one.localeCompare(other, undefined, { numeric: true })) }
}

/** A variable that was set for the real deployment must not lead what is practised in the sandbox there: it has to name the sandbox's own server. */
const leavesSandbox = ({ name, kubeconfig }: Values, kubeconfigs: readonly string[]): boolean => {
  if (name !== 'sandbox' || typeof kubeconfig !== 'string') return false
  const own = serversIn(kubeconfig)
  const servers = kubeconfigs.flatMap(serversIn)
  return servers.length === 0 || servers.some((server) => !own.includes(server))
}

const serversIn = (path: string): readonly string[] => {
  try {
    return [...readFileSync(path, 'utf8').matchAll(/server['"]?:\s*['"]?([^\s'",}]+)/g)].map(([, server = '']) => server)
  } catch {
    return []
  }
}

/** The environment. Throws Usage with every problem at once, each with its file and line. */
export const loadEnvironment = (loading: Loading): Loaded => {
  const { environment, problems, file, sources, under } = examineEnvironment(loading)
  if (!environment) throw invalid(file ?? 'The configuration', problems)
  // Only the production values are there without a file.
  const settings = { file: file ?? configFile(loading.env), under: under ?? 'environments.production' }
  return { environment, sources, settings }
}

const invalid = (file: string, problems: readonly string[]): Usage =>
  new Usage({
    code: 'environment-invalid',
    failed: `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`,
    cause: 'A setting is misspelled or misplaced, or its value is of the wrong kind',
    details: problems,
    next: 'honeydue config:explain',
  })

/** The configuration file of this machine's user. */
export const configFile = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'honeydue', 'config.yaml')

const overlayFor = (asked: string | undefined, env: NodeJS.ProcessEnv, sandbox: () => string | undefined): Overlay | undefined => {
  const wanted = asked ?? env.HONEYDUE_ENV ?? 'production'
  if (wanted.includes('/') || /\.ya?ml$/.test(wanted)) return readOverlay(resolve(wanted), [])
  if (wanted === 'sandbox') {
    const file = sandbox()
    if (file) return readOverlay(file, [])
    throw new Usage({ code: 'sandbox-not-running', failed: 'No sandbox runs', next: 'honeydue sandbox:up --detach' })
  }
  const file = configFile(env)
  const there = existsSync(file)
  const misnamed = file.replace(/yaml$/, 'yml')
  const stray = there ? strayKeys(file) : existsSync(misnamed) ? [`${misnamed}: nothing reads it: the file is called config.yaml`] : []
  const known = there ? readOverlay(file, ['environments', wanted]) : undefined
  if (known) return { ...known, values: { ...known.values, name: wanted }, stray }
  if (wanted === 'production' && stray.length === 0) return undefined
  if (wanted === 'production') return { values: {}, sources: new Map(), file, under: 'environments.production', stray }
  if (stray.length > 0) throw invalid(file, stray)
  throw new Usage({
    code: 'environment-unknown',
    failed: `There is no environment "${wanted}"`,
    cause: `${file} ${existsSync(file) ? `has no environments.${wanted}` : 'does not exist'}`,
    next: 'honeydue config:explain --env production',
  })
}

/** The parser's first line; in words of ours for what happens most: a second block `environments:` below the one that config:init wrote. */
const saidOf = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  code === 'DUPLICATE_KEY'
    ? 'this key stands in the file already: put what is below it under the first one'
    : (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, '')

const readOverlay = (file: string, at: readonly string[]): Overlay | undefined => {
  const lines = new LineCounter()
  const document = parseDocument(readText(file), { lineCounter: lines })
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${saidOf(error)}`),
    )
  }
  const node = at.length > 0 ? document.getIn(at, true) : document.contents
  if (node === undefined) return undefined
  // A name with nothing below it, as where all is commented out, changes nothing.
  if (isScalar(node) && node.value === null) return { values: {}, sources: new Map(), file, under: at.join('.') }
  if (!isMap(node)) throw invalid(file, [`${file}: ${at.join('.') || 'the file'} is no mapping`])
  const sources = new Map<string, string>()
  const walk = (map: unknown, path: readonly string[]): void => {
    if (!isMap(map)) return
    for (const { key, value } of map.items) {
      const name = String(isScalar(key) ? key.value : key)
      const here = [...path, name]
      const range = isScalar(key) ? key.range : undefined
      sources.set(here.join('.'), `${file}:${lines.linePos(range?.[0] ?? 0).line}`)
      walk(value, here)
    }
  }
  walk(node, [])
  return { values: valuesOf(file, node, document), sources, file, under: at.join('.') }
}

/** What the file comes to; aliases that grow without end come to nothing. */
const valuesOf = (file: string, node: YAMLMap, document: Document): Values => {
  try {
    return node.toJS(document) as Values
  } catch (error) {
    throw invalid(file, [`${file}: ${(error as Error).message}`])
  }
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Usage(
      {
        code: 'environment-unreadable',
        failed: `${file} cannot be read`,
        cause: (error as Error).message,
        next: 'honeydue config:explain',
      },
      { cause: error },
    )
  }
}

/** The source of this value, or of the nearest thing that holds it. */
const sourceOf = (sources: ReadonlyMap<string, string>, at: string): string | undefined => {
  for (let path = at; path; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    const found = sources.get(path)
    if (found) return found
  }
  return undefined
}

const isPlain = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

const merge = (base: Values, over: Values): Values => {
  const out: Values = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = out[key]
    out[key] = isPlain(below) && isPlain(value) ? merge(below, value) : value
  }
  return out
}

/** `~` is the home folder; other relative paths are those of the file that names them. */
const absolute = (environment: Environment, base: string | undefined): Environment => {
  const place = (path: string): string =>
    path.startsWith('~/') ? join(homedir(), path.slice(2)) : isAbsolute(path) || !base ? path : resolve(base, path)
  return {
    ...environment,
    kubeconfig: environment.kubeconfig.map(place),
    checkout: place(environment.checkout),
    ssh: environment.ssh.config === undefined ? {} : { config: place(environment.ssh.config) },
    ...(environment.ca !== undefined && { ca: place(environment.ca) }),
    ...(environment.cloudflare.origin_ca !== undefined && {
      cloudflare: { ...environment.cloudflare, origin_ca: place(environment.cloudflare.origin_ca) },
    }),
  }
}
