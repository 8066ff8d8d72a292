import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'

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
  /** False: no key is offered, by PubkeyAuthentication or PreferredAuthentications. */
  readonly publicKeys: boolean
  readonly proxyJump?: string
  readonly proxyCommand?: string
  readonly connectTimeoutMs: number
  /** How long a server may take to say its name. */
  readonly firstWordMs: number
  /** The same where other nodes were quick to, in milliseconds; undefined where the configuration says how long, or it is reached through somebody. */
  readonly amongQuickMs?: number
  /** How long a way may take to open: the configuration's ConnectTimeout, where it has one. */
  readonly patienceMs: number
  readonly keyExchanges: readonly string[]
  readonly ciphers: readonly string[]
  readonly macs: readonly string[]
  /** Algorithms by which a key of ours may sign. */
  readonly publicKeyAlgorithms: readonly string[]
  /** Certificates for keys of ours that exist: those that are named, and those beside an identity. */
  readonly certificates: readonly string[]
  /** The socket of an OpenSSH that may run already. */
  readonly controlPath?: string
  /** What no library does: each as OpenSSH names it. */
  readonly beyond: readonly string[]
  /** Ways in that OpenSSH has beside keys, where it may ask nobody: gssapi-with-mic, hostbased. */
  readonly otherMethods: readonly string[]
  /** What runs there by configuration, so that ssh itself takes no command. */
  readonly remoteCommand?: string
  /** RequestTTY force or yes: what a command prints then comes through a terminal. */
  readonly forcesTerminal: boolean
  /** What ssh is given beside the alias: -F, and -l, -p, -J of a jump host. */
  readonly args: readonly string[]
  readonly family?: 4 | 6
  readonly bindAddress?: string
}

/** What `ssh -G` prints, by lower-case keyword. */
export type Printed = ReadonlyMap<string, readonly string[]>

const spoken = (value: string | undefined) => (value === undefined || value === 'none' ? undefined : value)

type Tokens = Readonly<Record<string, string>>
const home = userInfo().homedir

/** Replaces `%` tokens alone: what else stands in a ProxyCommand is its shell's. */
const percents = (tokens: Tokens) => (text: string) =>
  text.replaceAll(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : token === 'd' ? home : (tokens[token] ?? whole)))

/** Replaces `~`, `%` tokens and `${VARIABLE}`, which `ssh -G` leaves as they stand. */
const expander = (tokens: Tokens) => {
  const replaced = percents(tokens)
  return (text: string) =>
    replaced(text.replace(/^~(?=\/|$)/, home).replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole))
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

const list = (text: string | undefined): readonly string[] => (text ?? '').split(',').filter(Boolean)
const isOn = (value: string | undefined) => value !== undefined && !['no', 'false', 'none'].includes(value)

/** Options that change how a connection is made, and that the library has not. */
const beyondLibrary: readonly (readonly [keyword: string, name: string])[] = [
  ['knownhostscommand', 'KnownHostsCommand'],
  ['pkcs11provider', 'PKCS11Provider'],
  ['proxyusefdpass', 'ProxyUseFdpass'],
  ['bindinterface', 'BindInterface'],
  ['verifyhostkeydns', 'VerifyHostKeyDNS'],
]

/** What `ssh` asks of an RSA key without a word; the library asks nothing, so more than that is beyond it. */
const usualRsaBits = 1024

/** A server says its name before it is asked for anything: one that is silent so long is away, and everybody waits for the last one who is asked. */
const silence = 8_000
/** Of a server that is alone in it: others, over the same network, have said theirs at once. */
const amongQuick = 4_000
/** To be let in may take longer: a name server that the other side asks about us. */
const quick = 10_000
/** A command may have to ask somebody in a browser first. */
const throughCommand = 15_000

/** An alias by what `ssh -G` printed for it. `args`: what was passed beside it; `hash`: what its %C stands for. */
export const resolvedFrom = (alias: string, values: Printed, args: readonly string[], hash?: string): Resolved => {
  const one = (name: string) => values.get(name)?.[0]
  const host = one('hostname') ?? alias
  const port = Number(one('port') ?? 22)
  const { username, uid } = userInfo()
  const user = one('user') ?? username
  const keyAlias = spoken(one('hostkeyalias'))
  const here = hostname()
  const base = {
    h: host,
    n: alias,
    p: String(port),
    r: user,
    u: username,
    i: String(uid),
    l: here,
    L: here.split('.')[0] ?? here,
    ...(hash !== undefined && { C: hash }),
  }
  const known = keyAlias ? expander(base)(keyAlias) : undefined
  const tokens = { ...base, k: known ?? alias }
  const expand = expander(tokens)
  const timeout = Number(one('connecttimeout'))
  const agent = agentOf(one('identityagent'), expand)
  const jump = spoken(one('proxyjump'))
  const command = spoken(one('proxycommand'))
  const bind = spoken(one('bindaddress'))
  const revoked = spoken(one('revokedhostkeys'))
  const remote = spoken(one('remotecommand'))
  const control = spoken(one('controlpath'))
  const methods = list(one('preferredauthentications'))
  const identityFiles = (values.get('identityfile') ?? []).filter((file) => file !== 'none').map(expand)
  const certificates = [...(values.get('certificatefile') ?? []).map(expand), ...identityFiles.map((file) => `${file}-cert.pub`)]
  const family = { inet: 4, inet6: 6 }[one('addressfamily') ?? ''] as 4 | 6 | undefined
  return {
    alias,
    hostname: host,
    port,
    user,
    knownAs: known ?? (port === 22 ? host : `[${host}]:${port}`),
    ...(known === undefined && port !== 22 ? { alsoKnownAs: host } : {}),
    knownHosts: [...files(one('userknownhostsfile'), expand), ...files(one('globalknownhostsfile'), expand)],
    hostKeyAlgorithms: list(one('hostkeyalgorithms')),
    keyExchanges: list(one('kexalgorithms')),
    ciphers: list(one('ciphers')),
    macs: list(one('macs')),
    publicKeyAlgorithms: list(one('pubkeyacceptedalgorithms') ?? one('pubkeyacceptedkeytypes')),
    identityFiles,
    certificates: certificates.filter((file, at) => certificates.indexOf(file) === at && existsSync(file)),
    beyond: [
      ...beyondLibrary.filter(([keyword]) => isOn(one(keyword))).map(([, name]) => name),
      ...(Number(one('requiredrsasize') ?? 0) > usualRsaBits ? ['RequiredRSASize'] : []),
    ],
    otherMethods: [
      ...(isOn(one('gssapiauthentication')) ? ['gssapi-with-mic'] : []),
      ...(isOn(one('hostbasedauthentication')) ? ['hostbased'] : []),
    ],
    args,
    forcesTerminal: ['force', 'yes', 'true'].includes(one('requesttty') ?? ''),
    identitiesOnly: one('identitiesonly') === 'yes',
    publicKeys: !['no', 'false'].includes(one('pubkeyauthentication') ?? '') && (methods.length === 0 || methods.includes('publickey')),
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : silence,
    firstWordMs: timeout > 0 ? timeout * 1000 : command ? throughCommand : silence,
    ...(timeout > 0 || command || jump ? {} : { amongQuickMs: amongQuick }),
    patienceMs: timeout > 0 ? timeout * 1000 : command ? throughCommand : quick,
    ...(control ? { controlPath: control } : {}),
    ...(remote ? { remoteCommand: remote } : {}),
    ...(agent ? { identityAgent: agent } : {}),
    ...(revoked ? { revokedHostKeys: expand(revoked) } : {}),
    ...(jump ? { proxyJump: jump } : {}),
    ...(command ? { proxyCommand: percents(tokens)(command) } : {}),
    ...(bind ? { bindAddress: bind } : {}),
    ...(family ? { family } : {}),
  }
}
