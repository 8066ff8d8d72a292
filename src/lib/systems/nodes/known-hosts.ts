import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { childEnvironment } from '../../child-environment.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { KnownKey } from './known-key.ts'
import { cut, hostKeys } from './library-algorithms.ts'
import type { Resolved } from './resolved.ts'
import { revokedBy } from './revoked.ts'

const heading = /^# Host .* found: line (\d+)/

// ssh-keygen knows hashed names, patterns and negation; it exits 1 when nothing matches.
const find = (name: string, file: string): Promise<readonly KnownKey[]> =>
  new Promise((resolve) => {
    execFile('ssh-keygen', ['-F', name, '-f', file], { timeout: 10_000, env: childEnvironment() }, (_error, stdout) => {
      const keys: KnownKey[] = []
      let line = 0
      for (const text of stdout.split('\n')) {
        const found = heading.exec(text)
        if (found) line = Number(found[1])
        else if (line > 0 && text.trim() !== '') {
          const fields = text.trim().split(/\s+/)
          const mark = fields[0]?.startsWith('@') ? fields.shift()?.slice(1) : undefined
          const [, type = '', blob = ''] = fields
          keys.push({ file, line, type, blob, ...(mark === 'revoked' || mark === 'cert-authority' ? { mark } : {}) })
        }
      }
      resolve(keys)
    })
  })

/** Every key that the host's known_hosts files hold for it, as OpenSSH looks them up; those that RevokedHostKeys revokes stand in it again, so marked. */
export const knownKeys = async (host: Resolved): Promise<readonly KnownKey[]> => {
  const keys = await lookedUp(host)
  return host.revokedHostKeys === undefined ? keys : [...keys, ...(await revokedBy(host.revokedHostKeys, keys))]
}

const lookedUp = async (host: Resolved): Promise<readonly KnownKey[]> => {
  const present = host.knownHosts.filter((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0)
  const under = async (name: string) => (await Promise.all(present.map((file) => find(name, file)))).flat()
  const keys = await under(host.knownAs)
  // OpenSSH accepts the key of the name without its port when [host]:port is unknown.
  return keys.length > 0 || host.alsoKnownAs === undefined ? keys : under(host.alsoKnownAs)
}

const algorithms: Readonly<Record<string, readonly string[]>> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] }
/** What OpenSSH itself takes, unless its configuration adds to it. */
const usual = hostKeys.filter((name) => name !== 'ssh-rsa' && name !== 'ssh-dss')

/** What to ask the server for: the types that are known first, so that a host known by its RSA key alone does not look changed. */
export const hostKeyAlgorithms = (host: Resolved, known: readonly KnownKey[]): string[] => {
  const first = known.filter((key) => !key.mark).flatMap((key) => algorithms[key.type] ?? [key.type])
  const allowed = host.hostKeyAlgorithms.length === 0 ? usual : cut(hostKeys, host.hostKeyAlgorithms)
  return [...new Set([...first.filter((name) => allowed.includes(name)), ...allowed])]
}

const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`

const typeOf = (key: Buffer) => key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
const at = (key: KnownKey) => (key.line > 0 ? `${key.file}:${key.line}` : key.file)

/** Undefined when the key is the host's; otherwise why it is refused. Nothing is ever added to known_hosts. */
export const refusalOf = (host: Resolved, key: Buffer, known: readonly KnownKey[]): Unreachable | undefined => {
  const blob = key.toString('base64')
  const type = typeOf(key)
  const offered = `it offers ${type} ${fingerprint(key)}`
  const failed = `The host key of ${host.alias} (${host.knownAs}) is not trusted`
  const revoked = known.find((entry) => entry.mark === 'revoked' && entry.blob === blob)
  if (revoked)
    return new Unreachable({
      code: 'ssh-revoked-host-key',
      failed,
      cause: `${offered}, which ${at(revoked)} marks as revoked`,
      next: 'treat the host as taken over until its console says otherwise',
    })
  const plain = known.filter((entry) => !entry.mark)
  if (plain.some((entry) => entry.blob === blob)) return undefined
  const changed = plain.find((entry) => entry.type === type)
  if (changed)
    return new Unreachable({
      code: 'ssh-changed-host-key',
      failed,
      cause: `${offered}, but ${at(changed)} has ${fingerprint(Buffer.from(changed.blob, 'base64'))}: the host was reinstalled, or someone is in between`,
      next: `compare the fingerprint on the host's console; if it is right: ${sh`ssh-keygen -R ${host.knownAs} -f ${changed.file}`}`,
    })
  const authority = known.find((entry) => entry.mark === 'cert-authority')
  const other = plain[0]
  return new Unreachable({
    code: 'ssh-unknown-host-key',
    failed,
    cause: other
      ? `${offered}, but ${at(other)} knows only its ${other.type} key`
      : authority
        ? `${offered}; ${at(authority)} trusts a certificate authority, and this is no certificate of it`
        : `${offered}, and no known_hosts file knows the host (${host.knownHosts.join(', ') || 'none is configured'})`,
    next: `compare the fingerprint on the host's console, then accept it with: ${sh`ssh ${host.alias}`}`,
  })
}
