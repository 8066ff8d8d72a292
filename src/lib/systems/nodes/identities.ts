import { existsSync, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2'
import { sh } from '../../shell.ts'
import { agentTypes } from './agent-types.ts'
import type { Resolved } from './resolved.ts'

/** An identity that can be used through an agent alone. */
export interface Absent {
  /** "/home/op/.ssh/id.pub is a public key". */
  readonly because: string
  /** What makes it usable, where that is another thing than an agent. */
  readonly next?: string
}

/** What to offer a server, in OpenSSH's order, and the keys that could not be used. */
export interface Identities {
  readonly methods: readonly AnyAuthMethod[]
  /** The public half of each that is named and known here, or that the agent would offer: base64. */
  readonly blobs: readonly string[]
  /** Encrypted files that no agent holds. */
  readonly locked: readonly string[]
  /** Whether an RSA key is among them: what hash it may sign with, the server says first. */
  readonly rsa: boolean
  /** Files that other users may read: OpenSSH ignores them. */
  readonly exposed: readonly string[]
  /** Identities whose private half is not to be had here, and that no agent holds. */
  readonly absent: readonly Absent[]
  /** What the library cannot offer and OpenSSH can: "the format of FILE", "a FIDO key in the agent". */
  readonly foreign: readonly string[]
  readonly agent: 'answers' | 'silent' | 'none'
}

const magic = 'openssh-key-v1\0'

/** The public half stands in clear in OpenSSH's own format, also when the private one is encrypted. */
const openSshHeader = (text: string) => {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1]
  if (!body) return undefined
  const data = Buffer.from(body, 'base64')
  if (data.subarray(0, magic.length).toString('latin1') !== magic) return undefined
  let offset = magic.length
  const next = () => {
    const length = data.readUInt32BE(offset)
    offset += 4 + length
    return data.subarray(offset - length, offset)
  }
  const cipher = next().toString('latin1')
  next()
  next()
  offset += 4
  return { encrypted: cipher !== 'none', blob: next() }
}

/** PuTTY's own format: the library reads it, OpenSSH does not, so it is OpenSSH's to refuse. */
const isPutty = (text: string) => text.startsWith('PuTTY-User-Key-File-')

const isPublicKey = (text: string) => /^(ssh|ecdsa|sk)-\S+ /.test(text)

const isEncrypted = (text: string) => openSshHeader(text)?.encrypted ?? /ENCRYPTED/.test(text)

/** What is no file holds no key, and OpenSSH passes it over: a folder, /dev/null. */
const isFile = (file: string) => existsSync(file) && statSync(file).isFile()

const readable = (file: string) => {
  try {
    return isFile(file) ? readFileSync(file, 'utf8') : undefined
  } catch {
    return undefined
  }
}

/** Why there is no private key in an identity, of which a public half may be there. */
const whyAbsent = (file: string): Absent => {
  if (!existsSync(file)) return { because: `of ${file} the public half alone is there` }
  const found = statSync(file)
  if (found.isDirectory()) return { because: `${file} is a folder` }
  if (readable(file) !== undefined) return { because: `${file} is a public key` }
  const ours = found.uid === process.geteuid?.()
  return { because: `${file} may not be read by ${userInfo().username}`, next: ours ? sh`chmod 600 ${file}` : sh`ls -l ${file}` }
}

/** OpenSSH asks this of files that are ours. */
const isExposed = (file: string) => {
  const { uid, mode } = statSync(file)
  return uid === process.getuid?.() && (mode & 0o077) !== 0
}

const publicBlob = (file: string): string | undefined => {
  const line = existsSync(`${file}.pub`) ? readable(`${file}.pub`) : undefined
  const blob = line?.split(/\s+/)[1]
  if (blob) return blob
  const text = readable(file)
  return text && (isPublicKey(text) ? text.split(/\s+/)[1] : openSshHeader(text)?.blob.toString('base64'))
}

const agentKeys = (agent: BaseAgent): Promise<readonly ParsedKey[] | undefined> =>
  new Promise((resolve) => {
    agent.getIdentities((error, keys) => resolve(error ? undefined : ((keys ?? []) as ParsedKey[])))
  })

/** Types of keys that the library signs with. */
const plain = new Set(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'])
const rsaHashes = ['rsa-sha2-512', 'rsa-sha2-256']

/** The type that a public key begins with; undefined where this is none. */
const typeOfBlob = (base64: string | undefined): string | undefined => {
  const blob = Buffer.from(base64 ?? '', 'base64')
  const type = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') : ''
  return /^[\w@.-]+$/.test(type) ? type : undefined
}

/** Whether OpenSSH would offer a key of this type: PubkeyAcceptedAlgorithms names algorithms, and RSA has three. */
const accepts = ({ publicKeyAlgorithms: named }: Resolved, type: string) =>
  named.length === 0 || (type === 'ssh-rsa' ? rsaHashes : [type]).some((name) => named.includes(name))

const nothing: Identities = { methods: [], blobs: [], locked: [], exposed: [], absent: [], foreign: [], rsa: false, agent: 'none' }

/** Agent keys that the configuration names, other agent keys (unless IdentitiesOnly), then files; one that is encrypted needs an agent. */
export const identitiesOf = async (host: Resolved): Promise<Identities> => {
  if (!host.publicKeys) return nothing
  const { default: ssh2 } = await import('ssh2')
  const username = host.user
  const named = new Map(
    host.identityFiles.filter((file) => isFile(file) || existsSync(`${file}.pub`)).map((file) => [file, publicBlob(file)]),
  )
  const blobs = [...named.values()]
  const inner = host.identityAgent ? ssh2.createAgent(host.identityAgent) : undefined
  const [held, types] = inner ? await Promise.all([agentKeys(inner), agentTypes(host.identityAgent ?? '')]) : [undefined, []]
  const blobOf = (key: ParsedKey) => key.getPublicSSH().toString('base64')
  const chosen = [...(held ?? [])]
    .filter((key) => accepts(host, key.type) && (!host.identitiesOnly || blobs.includes(blobOf(key))))
    .sort((a, b) => Number(blobs.includes(blobOf(b))) - Number(blobs.includes(blobOf(a))))
  const heldBlobs = new Set([...(held ?? [])].map(blobOf))
  const methods: AnyAuthMethod[] = []
  const [locked, exposed]: [string[], string[]] = [[], []]
  const absent: Absent[] = []
  const foreign = host.identitiesOnly ? [] : types.filter((type) => !plain.has(type)).map((type) => `${type} in the agent`)
  let rsa = chosen.some(({ type }) => type === 'ssh-rsa')

  if (inner && chosen.length > 0) {
    class Chosen extends ssh2.BaseAgent<ParsedKey> {
      getIdentities(done: (error: undefined, keys: ParsedKey[]) => void) {
        done(undefined, chosen)
      }
      sign(...args: unknown[]) {
        ;(inner as unknown as { sign(...args: unknown[]): void }).sign(...args)
      }
    }
    methods.push({ type: 'agent', username, agent: new Chosen() as unknown as BaseAgent })
  }
  for (const [file, blob] of named) {
    const text = readable(file)
    if (blob !== undefined && heldBlobs.has(blob)) continue
    const type = typeOfBlob(blob)
    // Also where its agent alone has the other half: a FIDO key, or a provider's.
    if (type !== undefined && !plain.has(type)) foreign.push(`${type} (${file})`)
    else if (text === undefined || isPublicKey(text)) absent.push(whyAbsent(file))
    else if (isExposed(file)) exposed.push(file)
    else if (isPutty(text)) foreign.push(`the format of ${file} (PuTTY's)`)
    else if (isEncrypted(text)) locked.push(file)
    else {
      const parsed = ssh2.utils.parseKey(text)
      const key = Array.isArray(parsed) ? parsed[0] : parsed
      if (key === undefined || key instanceof Error) foreign.push(`the format of ${file}`)
      else if (accepts(host, key.type)) {
        methods.push({ type: 'publickey', username, key: text })
        rsa ||= key.type === 'ssh-rsa'
      } else if (host.publicKeyAlgorithms.includes(key.type)) foreign.push(`${key.type} alone (${file})`)
    }
  }
  const agent = host.identityAgent === undefined ? 'none' : held ? 'answers' : 'silent'
  const offered = [...new Set([...blobs.flatMap((blob) => blob ?? []), ...chosen.map(blobOf)])]
  return { methods, blobs: offered, locked, exposed, absent, foreign, rsa, agent }
}
