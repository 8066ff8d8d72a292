import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { childEnvironment } from '../../child-environment.ts'
import { limited, seconds } from '../../clock.ts'
import type { Loaded } from '../../environment/kubeconfig.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'

/** What another program lends: a token, or a certificate with its key (PEM). */
export interface ExecCredential {
  readonly token?: string
  readonly certificate?: string
  readonly key?: string
  /** When it ends, in milliseconds since 1970. */
  readonly expires?: number
}

interface Plugin {
  readonly command: string
  readonly args?: readonly string[] | null
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null
  readonly apiVersion?: string | null
  readonly installHint?: string | null
  readonly interactiveMode?: string | null
  readonly provideClusterInfo?: boolean | null
}

/** A login in a browser takes its time; a program that hangs must not hold a run for ever. */
const pluginWithin = seconds(60)
/** What a program says on stderr goes into the cause: so much of it. */
const mostOfStderr = 300

/** Runs the context's credential program as kubectl does. Throws Unreachable with its installHint where it is missing, and with its words where it fails. */
export const runExecPlugin = async (loaded: Loaded, signal: AbortSignal | undefined): Promise<ExecCredential> => {
  const plugin = loaded.user.exec as Plugin
  const trouble = (code: string, cause: string, error?: unknown) =>
    new Unreachable(
      {
        code,
        failed: `${plugin.command}, which ${loaded.path} has for its credentials, gives none`,
        cause,
        ...(plugin.installHint && {
          details: plugin.installHint
            .trim()
            .split('\n')
            .map((line) => stripVTControlCharacters(line)),
        }),
        // It runs the same program, whose arguments may hold what nobody is to see here.
        next: sh`kubectl --kubeconfig ${loaded.path} version`,
      },
      { cause: error },
    )
  const mayAsk = plugin.interactiveMode !== 'Never' && Boolean(process.stdin.isTTY)
  if (plugin.interactiveMode === 'Always' && !mayAsk) throw trouble('kube-exec-failed', 'It asks, and there is no terminal to ask on')
  const { code, stdout, stderr, error } = await ended(plugin, loaded, mayAsk, signal)
  if (error?.code === 'ENOENT') throw trouble('kube-exec-missing', 'There is no such program here', error)
  if (error)
    throw trouble(
      'kube-exec-failed',
      error.name === 'AbortError' || error.name === 'TimeoutError' ? 'It did not end in time' : error.message,
      error,
    )
  if (code !== 0) {
    const words = withoutSecrets(stderr, plugin)
    throw trouble('kube-exec-failed', `It exited with ${code}${words ? `: ${words}` : ''}`)
  }
  const status = statusOf(stdout, plugin.apiVersion)
  // What it printed may be half a secret: nothing of it is shown.
  if (!status) throw trouble('kube-exec-failed', 'What it printed is no ExecCredential')
  return status
}

const ended = (plugin: Plugin, loaded: Loaded, interactive: boolean, signal: AbortSignal | undefined) =>
  new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string; readonly error?: NodeJS.ErrnoException }>(
    (resolve) => {
      const child = spawn(plugin.command, [...(plugin.args ?? [])], {
        env: {
          ...childEnvironment(),
          ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
          KUBERNETES_EXEC_INFO: about(plugin, loaded, interactive),
        },
        stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
        signal: limited(pluginWithin, signal).signal,
      })
      let [stdout, stderr] = ['', '']
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        stdout = (stdout + text).slice(0, 1_000_000)
      })
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(0, 10_000)
      })
      child.on('error', (error) => resolve({ code: null, stdout, stderr, error }))
      child.on('close', (code) => resolve({ code, stdout, stderr }))
    },
  )

const about = ({ apiVersion, provideClusterInfo }: Plugin, { server, cluster, ca }: Loaded, interactive: boolean): string =>
  JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: {
      interactive,
      ...(provideClusterInfo && {
        cluster: {
          server,
          ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
          ...(cluster['tls-server-name'] ? { 'tls-server-name': cluster['tls-server-name'] } : {}),
          ...(cluster['insecure-skip-tls-verify'] === true && { 'insecure-skip-tls-verify': true }),
          ...(cluster['proxy-url'] ? { 'proxy-url': cluster['proxy-url'] } : {}),
        },
      }),
    },
  })

const statusOf = (stdout: string, apiVersion: string | null | undefined): ExecCredential | undefined => {
  try {
    const { status, ...of } = JSON.parse(stdout) as { readonly apiVersion?: unknown; readonly status?: Readonly<Record<string, unknown>> }
    if (of.apiVersion !== apiVersion) return undefined
    const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status ?? {}
    const expires = Date.parse(String(expirationTimestamp ?? ''))
    if (typeof token !== 'string' && typeof certificate !== 'string') return undefined
    return {
      ...(typeof token === 'string' && { token }),
      ...(typeof certificate === 'string' && { certificate }),
      ...(typeof key === 'string' && { key }),
      ...(!Number.isNaN(expires) && { expires }),
    }
  } catch {
    return undefined
  }
}

const hidden = '••••'

/** The program's words without what it was given to keep, and without what has the look of a secret: long words of letters and digits that are no host or path. */
const withoutSecrets = (stderr: string, { env, args }: Pick<Plugin, 'env' | 'args'>): string => {
  const given = [...(env ?? []).map(({ value }) => value), ...(args ?? []).flatMap((arg) => arg.split('=').slice(1))].filter(
    ({ length }) => length >= 6,
  )
  const known = given.reduce((text, secret) => text.replaceAll(secret, hidden), stripVTControlCharacters(stderr))
  const words = known
    .replace(
      /\b((?:\w+[-_])?(?:token|password|secret|key|bearer|authorization))(["']?\s*[:=]\s*["']?|\s+)(?!is\b|has\b|was\b|not\b|file\b|expired\b|••••)[^\s"',;]{4,}/gi,
      `$1$2${hidden}`,
    )
    .replace(/[\w+/=.~-]{12,}/g, (word) => (hasSecretLook(word) ? hidden : word))
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length > mostOfStderr ? `${line.slice(0, mostOfStderr)}…` : line
}

const hasSecretLook = (word: string): boolean =>
  /\d/.test(word) &&
  /[A-Za-z]/.test(word) &&
  !word.split(/[./]/).every((label) => label.length <= 20 && /^[a-z0-9-]*$/.test(label) && word.length > label.length)
