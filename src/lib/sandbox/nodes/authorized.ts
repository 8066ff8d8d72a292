import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'

/** Below a node's root, who may sign in as root: a line each. */
export const authorizedFile = 'root/.ssh/authorized_keys'

/** What sshd says of itself with -T, as far as keys go: Ubuntu's own. */
export const sshdConfig =
  'authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\nauthorizedkeyscommand none\ntrustedusercakeys none'

/** The keys that let a user in, whatever stands before them; whoever has no folder of keys is let in by those of root. */
export const authorizedFor = (
  { root, read }: { readonly root: string; read(file: string): string },
  user: string,
): readonly ParsedKey[] => {
  const home = user !== 'root' && existsSync(join(root, 'home', user, '.ssh')) ? `/home/${user}` : '/root'
  const [, patterns = ''] = /^authorizedkeysfile (.*)$/m.exec(read('sshd-config')) ?? []
  return patterns
    .split(' ')
    .map((pattern) => pattern.replaceAll('%u', user))
    .map((path) => join(root, path.startsWith('/') ? path : join(home, path)))
    .filter(existsSync)
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.match(/AAAA\S+/g) ?? [])
    .flatMap(keyOf)
}

/** A key names its type itself. */
const keyOf = (blob: string): readonly ParsedKey[] => {
  const bytes = Buffer.from(blob, 'base64')
  const type = bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1')
  const parsed = ssh2.utils.parseKey(`${type} ${blob}`)
  return parsed instanceof Error ? [] : [parsed].flat()
}
