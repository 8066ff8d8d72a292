import { execFile } from 'node:child_process'
import { Unreachable } from '../errors.ts'
import { Secret } from '../secret.ts'

/** What opens one API, and what it is called where somebody sets it. */
export interface TokenKind {
  /** The first word of the codes of its errors. */
  readonly code: string
  readonly called: string
  readonly variable: string
  /** The setting that holds the command. */
  readonly setting: string
  /** What to do where there is none. */
  readonly next: string
}

export const cloudflareToken: TokenKind = {
  code: 'cloudflare',
  called: 'Cloudflare API token',
  variable: 'CLOUDFLARE_API_TOKEN',
  setting: 'cloudflare.token_command',
  next: 'export CLOUDFLARE_API_TOKEN, or set cloudflare.token_command in the configuration',
}

export const neonKey: TokenKind = {
  code: 'neon',
  called: 'Neon API key',
  variable: 'NEON_API_KEY',
  setting: 'neon.api_key_command',
  next: 'export NEON_API_KEY, or set neon.api_key_command in the configuration',
}

/** Of whoever may delete images. */
export const registryLogin: TokenKind = {
  code: 'registry',
  called: 'login of the registry',
  variable: 'no variable',
  setting: 'registry.login_command',
  next: 'set registry.login_command in the configuration',
}

/** Both halves in one word: `id:key`. */
export const storageKey: TokenKind = {
  code: 'storage',
  called: 'application key of the storage',
  variable: 'no variable',
  setting: 'storage.key_command',
  next: 'set storage.idKey and storage.keyKey, or storage.key_command in the configuration',
}

/** Lets read metrics and traces. */
export const observabilityToken: TokenKind = {
  code: 'observability',
  called: 'token for metrics and traces',
  variable: 'no variable',
  setting: 'observability.token_command',
  next: 'set observability.token_command in the configuration',
}

export const grafanaToken: TokenKind = {
  code: 'grafana',
  called: 'Grafana token',
  variable: 'no variable',
  setting: 'observability.grafana_token_command',
  next: 'set observability.grafana_token_command in the configuration',
}

/** Where the API token comes from: the environment's own command, which names the token of that deployment, or else the variable. */
export interface TokenSource {
  /** An argument list: no shell reads it. */
  readonly command: readonly string[] | undefined
  /** The variable's value. */
  readonly variable: string | undefined
  readonly signal?: AbortSignal
}

/** A password manager may ask for a finger first. */
const withinMs = 60_000

/** The token; nothing that a command prints is ever shown. Throws Unreachable (`…-no-token`, `…-token-command`, `…-token`). */
export const readToken = async (kind: TokenKind, source: TokenSource): Promise<Secret> => {
  const { code, called, variable, setting, next } = kind
  const [program, ...args] = source.command ?? []
  const text = (program === undefined ? (source.variable ?? '') : await output(kind, program, args, source.signal)).trim()
  const from = program === undefined ? variable : `${setting} (${program})`
  if (text === '')
    throw new Unreachable({
      code: `${code}-no-token`,
      failed: `There is no ${called}`,
      cause: program === undefined ? `${from} is not set, and the environment has no ${setting}` : `${from} printed nothing`,
      next,
    })
  // What is no header value would be refused by Node in words that hold the token.
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new Unreachable({
      code: `${code}-token`,
      failed: `The ${called} is not one word`,
      cause: `${from} holds more than the token`,
      next: 'honeydue config:explain',
    })
  return new Secret(text)
}

const output = (kind: TokenKind, program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { timeout: withinMs, maxBuffer: 64 * 1024, ...(signal && { signal }) }
    execFile(program, args, options, (error, stdout) => {
      if (!error) return resolve(stdout)
      if (signal?.aborted) return reject(signal.reason)
      // The error itself stays behind: its message is the whole command line, and it carries the output.
      reject(
        new Unreachable({
          code: `${kind.code}-token-command`,
          failed: `${kind.setting} (${program}) gave no token`,
          cause: whyNot(error),
          next: 'run it by hand; honeydue config:explain says where it is set',
        }),
      )
    })
  })

const whyNot = ({ code, killed, signal }: { code?: unknown; killed?: unknown; signal?: unknown }): string => {
  if (code === 'ENOENT') return 'there is no such program'
  if (code === 'EACCES') return 'it may not be run'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'it printed far more than a token'
  if (killed === true) return `it did not end within ${withinMs / 1000} s`
  return typeof code === 'number' ? `it exited with ${code}` : `it was ended by ${String(signal)}`
}
