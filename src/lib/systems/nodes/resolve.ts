import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { promisify } from 'node:util'
import { Unreachable } from '../../errors.ts'

const exec = promisify(execFile)

/** An alias as OpenSSH itself resolves it: Include, Match and canonicalisation are its own. */
export interface Resolved {
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** The name under which known_hosts has the key: HostKeyAlias, else the host, as [host]:port where the port is not 22. */
  readonly knownAs: string
  /** The host without its port, which OpenSSH tries next when there is no HostKeyAlias. */
  readonly alsoKnownAs?: string
  readonly knownHosts: readonly string[]
  /** A file of keys that are refused whatever known_hosts says. */
  readonly revokedHostKeys?: string
  readonly hostKeyAlgorithms: readonly string[]
  readonly identityFiles: readonly string[]
  readonly identityAgent?: string
  readonly identitiesOnly: boolean
  /** False: no key is offered. */
  readonly publicKeys: boolean
  readonly proxyJump?: string
  readonly proxyCommand?: string
  readonly connectTimeoutMs: number
  readonly family?: 4 | 6
  readonly bindAddress?: string
}

const spoken = (value: string | undefined) => (value === undefined || value === 'none' ? undefined : value)

/** Replaces `~`, `%` tokens and `${VARIABLE}`, which `ssh -G` leaves as they stand. */
const expander = (tokens: Readonly<Record<string, string>>) => {
  const home = userInfo().homedir
  return (text: string) =>
    text
      .replace(/^~(?=\/|$)/, home)
      .replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole)
      .replaceAll(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : token === 'd' ? home : (tokens[token] ?? whole)))
}

// `ssh -G` joins several files with blanks and quotes nothing: one existing path is taken whole.
const files = (value: string | undefined, expand: (text: string) => string) => {
  if (!value || value === 'none') return []
  return existsSync(expand(value)) ? [expand(value)] : value.split(/\s+/).map(expand)
}

const agentOf = (value: string | undefined, expand: (text: string) => string) => {
  if (value === 'none') return undefined
  if (value === undefined || value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK']
  return value.startsWith('$') && !value.startsWith('${') ? process.env[value.slice(1)] : expand(value)
}

const ask = async (args: readonly string[], alias: string, signal: AbortSignal | undefined) => {
  try {
    return (await exec('ssh', [...args, '--', alias], { timeout: 10_000, ...(signal ? { signal } : {}) })).stdout
  } catch (error) {
    signal?.throwIfAborted()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Unreachable({
        code: 'ssh-not-installed',
        failed: `ssh ${alias} cannot be resolved`,
        cause: "OpenSSH's client (ssh) is not in PATH",
        next: 'install openssh-client, then run honeydue doctor',
      })
    const said = String((error as { stderr?: string }).stderr ?? '').trim()
    throw new Unreachable({
      code: 'ssh-config',
      failed: `ssh -G ${alias} failed`,
      cause: said || 'the SSH configuration cannot be read',
      next: `ssh ${[...args, alias].join(' ')}`,
    })
  }
}

/** Asks `ssh -G`. `more` are further arguments, as OpenSSH itself passes for a jump host (-l, -p). */
export const resolveAlias = async (
  alias: string,
  options: { readonly configFile?: string; readonly more?: readonly string[]; readonly signal?: AbortSignal },
): Promise<Resolved> => {
  const args = ['-G', ...(options.configFile ? ['-F', options.configFile] : []), ...(options.more ?? [])]
  const values = new Map<string, string[]>()
  for (const line of (await ask(args, alias, options.signal)).split('\n')) {
    const at = line.indexOf(' ')
    if (at > 0) values.set(line.slice(0, at), [...(values.get(line.slice(0, at)) ?? []), line.slice(at + 1)])
  }
  const one = (name: string) => values.get(name)?.[0]
  const host = one('hostname') ?? alias
  const port = Number(one('port') ?? 22)
  const { username, uid } = userInfo()
  const user = one('user') ?? username
  const keyAlias = spoken(one('hostkeyalias'))
  const here = hostname()
  const base = { h: host, n: alias, p: String(port), r: user, u: username, i: String(uid), l: here, L: here.split('.')[0] ?? here }
  const known = keyAlias ? expander(base)(keyAlias) : undefined
  const expand = expander({ ...base, k: known ?? alias })
  const timeout = Number(one('connecttimeout'))
  const agent = agentOf(one('identityagent'), expand)
  const jump = spoken(one('proxyjump'))
  const command = spoken(one('proxycommand'))
  const bind = spoken(one('bindaddress'))
  const revoked = spoken(one('revokedhostkeys'))
  const family = { inet: 4, inet6: 6 }[one('addressfamily') ?? ''] as 4 | 6 | undefined
  return {
    alias,
    hostname: host,
    port,
    user,
    knownAs: known ?? (port === 22 ? host : `[${host}]:${port}`),
    ...(known === undefined && port !== 22 ? { alsoKnownAs: host } : {}),
    knownHosts: [...files(one('userknownhostsfile'), expand), ...files(one('globalknownhostsfile'), expand)],
    hostKeyAlgorithms: (one('hostkeyalgorithms') ?? '').split(',').filter(Boolean),
    identityFiles: (values.get('identityfile') ?? []).filter((file) => file !== 'none').map(expand),
    identitiesOnly: one('identitiesonly') === 'yes',
    publicKeys: !['no', 'false'].includes(one('pubkeyauthentication') ?? ''),
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : 10_000,
    ...(agent ? { identityAgent: agent } : {}),
    ...(revoked ? { revokedHostKeys: expand(revoked) } : {}),
    ...(jump ? { proxyJump: jump } : {}),
    ...(command ? { proxyCommand: expand(command) } : {}),
    ...(bind ? { bindAddress: bind } : {}),
    ...(family ? { family } : {}),
  }
}
