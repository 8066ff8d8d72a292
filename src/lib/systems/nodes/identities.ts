import { existsSync, readFileSync, statSync } from 'node:fs'
import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2'
import type { Resolved } from './resolve.ts'

/** What to offer a server, in OpenSSH's order, and the keys that could not be used. */
export interface Identities {
  readonly methods: readonly AnyAuthMethod[]
  /** Encrypted files that no agent holds. */
  readonly locked: readonly string[]
  /** Whether an RSA key is among them: what hash it may sign with, the server says first. */
  readonly rsa: boolean
  /** Files that other users may read: OpenSSH ignores them. */
  readonly exposed: readonly string[]
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

const isEncrypted = (text: string) => openSshHeader(text)?.encrypted ?? /ENCRYPTED/.test(text)

const readable = (file: string) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
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
  return text?.startsWith('ssh-') || text?.startsWith('ecdsa-')
    ? text.split(/\s+/)[1]
    : text && openSshHeader(text)?.blob.toString('base64')
}

const agentKeys = (agent: BaseAgent): Promise<readonly ParsedKey[] | undefined> =>
  new Promise((resolve) => {
    agent.getIdentities((error, keys) => resolve(error ? undefined : ((keys ?? []) as ParsedKey[])))
  })

/** Agent keys that the configuration names, other agent keys (unless IdentitiesOnly), then files; one that is encrypted needs an agent. */
export const identitiesOf = async (host: Resolved): Promise<Identities> => {
  if (!host.publicKeys) return { methods: [], locked: [], exposed: [], rsa: false, agent: 'none' }
  const { default: ssh2 } = await import('ssh2')
  const username = host.user
  const named = new Map(
    host.identityFiles.filter((file) => existsSync(file) || existsSync(`${file}.pub`)).map((file) => [file, publicBlob(file)]),
  )
  const blobs = [...named.values()]
  const inner = host.identityAgent ? ssh2.createAgent(host.identityAgent) : undefined
  const held = inner ? await agentKeys(inner) : undefined
  const blobOf = (key: ParsedKey) => key.getPublicSSH().toString('base64')
  const chosen = [...(held ?? [])]
    .filter((key) => !host.identitiesOnly || blobs.includes(blobOf(key)))
    .sort((a, b) => Number(blobs.includes(blobOf(b))) - Number(blobs.includes(blobOf(a))))
  const heldBlobs = new Set(chosen.map(blobOf))
  const methods: AnyAuthMethod[] = []
  const locked: string[] = []
  let rsa = chosen.some(({ type }) => type === 'ssh-rsa')
  const exposed: string[] = []

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
    if (text === undefined || (blob !== undefined && heldBlobs.has(blob))) continue
    if (isExposed(file)) exposed.push(file)
    else if (isEncrypted(text)) locked.push(file)
    else {
      methods.push({ type: 'publickey', username, key: text })
      // Unreadable keys are skipped by ssh2: they count as RSA, so that nothing is sent before its time.
      const key = ssh2.utils.parseKey(text)
      rsa ||= key instanceof Error || (Array.isArray(key) ? key[0] : key)?.type === 'ssh-rsa'
    }
  }
  return { methods, locked, exposed, rsa, agent: host.identityAgent === undefined ? 'none' : held ? 'answers' : 'silent' }
}
