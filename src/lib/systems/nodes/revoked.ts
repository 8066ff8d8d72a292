import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '../../child-environment.ts'
import { makeOwnFolder } from '../../own-folder.ts'
import type { KnownKey } from './known-key.ts'

/** Of these keys, those that the file of RevokedHostKeys revokes: a list of public keys or a KRL. All of them when it cannot be read, as in OpenSSH. */
export const revokedBy = async (file: string, keys: readonly KnownKey[]): Promise<readonly KnownKey[]> => {
  const marked = keys.map((key): KnownKey => ({ ...key, file, line: 0, mark: 'revoked' }))
  const list = await readFile(file).catch(() => undefined)
  if (list === undefined) return marked
  if (!list.subarray(0, 6).equals(Buffer.from('SSHKRL'))) {
    const listed = new Set(list.toString('utf8').split(/\s+/))
    return marked.filter(({ blob }) => listed.has(blob))
  }
  const found = await Promise.all(marked.map((key) => inKrl(file, key)))
  return marked.filter((_, i) => found[i])
}

/** ssh-keygen exits 0 only when it has read the KRL and the key is not in it. */
const inKrl = async (krl: string, { type, blob }: KnownKey): Promise<boolean> => {
  const folder = makeOwnFolder(tmpdir(), 'honeydue-key')
  try {
    const key = join(folder, 'key.pub')
    await writeFile(key, `${type} ${blob}\n`)
    return await new Promise((resolve) => {
      execFile('ssh-keygen', ['-Q', '-f', krl, key], { timeout: 10_000, env: childEnvironment() }, (error) => resolve(error !== null))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
