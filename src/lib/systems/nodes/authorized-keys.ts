import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { keptMark } from '../../kept-keys.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import type { AuthorizedKey, KeysFile, LeavingKeys, NodeKeys } from './keys-types.ts'

/** Who can sign in, and what sshd says of each: where it is told otherwise for one of them, too. */
export const accountsScript = `
sshd=$(command -v sshd) || { echo 'there is no sshd' >&2; exit 1; }
getent passwd | while IFS=: read -r name _ _ _ _ home shell; do
  case $shell in */nologin|*/false|*/sync) continue ;; esac
  said=$(root "$sshd" -T -C "user=$name,host=localhost,addr=127.0.0.1" < /dev/null) || exit 1
  printf 'account %s\\nhome %s\\n' "$name" "$home"
  printf '%s\\n' "$said" | grep -iE '^(authorizedkeysfile|authorizedkeyscommand|trustedusercakeys) '
done
`

interface Accounts {
  /** By path, whose it is. */
  readonly files: ReadonlyMap<string, readonly string[]>
  readonly beside: readonly string[]
}

/** sshd's own tokens, and that a path is the account's where it begins with no slash. */
const fileOf = (pattern: string, name: string, home: string): string => {
  const path = pattern.replaceAll(/%([%hu])/g, (_, token: string) => ({ '%': '%', h: home, u: name })[token] ?? '')
  return path.startsWith('/') ? path : join(home, path)
}

const named: Readonly<Record<string, string>> = { authorizedkeyscommand: 'AuthorizedKeysCommand', trustedusercakeys: 'TrustedUserCAKeys' }

/** Undefined where nobody can sign in, which is not so where somebody asked. */
export const readAccounts = (stdout: string): Accounts | undefined => {
  const files = new Map<string, readonly string[]>()
  const beside = new Set<string>()
  let [name, home] = ['', '']
  for (const line of stdout.split('\n')) {
    const [word = '', ...rest] = line.trimEnd().split(' ')
    const value = rest.join(' ')
    if (word === 'account') name = value
    else if (word === 'home') home = value
    else if (word.toLowerCase() === 'authorizedkeysfile')
      for (const pattern of value.split(/\s+/).filter((one) => one !== 'none' && one !== '')) {
        const path = fileOf(pattern, name, home)
        files.set(path, [...(files.get(path) ?? []), name])
      }
    else if (named[word.toLowerCase()] !== undefined && value !== 'none') beside.add(`${named[word.toLowerCase()]} ${value}`)
  }
  return files.size === 0 && beside.size === 0 ? undefined : { files, beside: [...beside] }
}

/** Each line that names a key, with what ssh-keygen makes of it; what it does not take for one, sshd does not either. */
const shows = `
lines() {
  printf 'of %s\\n' "$1"
  root cat "$2" | while IFS= read -r line || [ -n "$line" ]; do
    case $line in *AAAA*) ;; *) continue ;; esac
    is=$(printf '%s\\n' "$line" | ssh-keygen -E sha256 -lf - 2> /dev/null) || continue
    printf 'line %s\\nis %s\\n' "$line" "$is"
  done
}
`
const show = (path: string, at: number): ShellLine => {
  const kept = sh`root find ${dirname(path)} -maxdepth 1 -name ${`${basename(path)}${keptMark}*`}`
  return sh`if root test -f ${path}; then lines ${at} ${path}; ${part(kept)} | while IFS= read -r kept; do lines ${at}" \${kept##*/}" "$kept"; done; fi`
}

export const keysScript = (paths: readonly string[]): string => `${shows}${paths.map(show).join('\n')}\n`

/** The key of a line is the word that has the fingerprint which ssh-keygen has found. */
const keyOf = (line: string, said: string): AuthorizedKey | undefined => {
  const [, fingerprint, comment = '', type = ''] = /^\d+ (SHA256:\S+) (.*) \(([\w-]+)\)$/.exec(said.replaceAll('\r', '')) ?? []
  const blob = line.split(/\s+/).find((one) => one.startsWith('AAAA') && fingerprintOf(one) === fingerprint)
  if (fingerprint === undefined || blob === undefined) return undefined
  const before = line.slice(0, line.indexOf(blob)).trim().split(/\s+/).slice(0, -1).join(' ')
  return {
    fingerprint,
    type,
    comment: comment.trim(),
    blob,
    authority: /(?:^|,)cert-authority(?:,|$)/i.test(before),
    restricted: before !== '',
  }
}

export const fingerprintOf = (blob: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`

export const readKeys = (stdout: string, { files, beside }: Accounts): NodeKeys => {
  const found = [...files].map(([path, accounts]) => ({
    path,
    accounts,
    there: false,
    own: [] as AuthorizedKey[],
    kept: new Map<string, AuthorizedKey[]>(),
  }))
  let [at, kept, last] = [-1, '', '']
  for (const line of stdout.split('\n')) {
    const [, index, name = ''] = /^of (\d+)(?: (.*))?$/.exec(line) ?? []
    const file = found[index === undefined ? at : Number(index)]
    if (file === undefined) continue
    if (index !== undefined) {
      at = Number(index)
      kept = name
      if (name === '') file.there = true
      else file.kept.set(name, [])
    } else if (line.startsWith('line ')) last = line.slice(5)
    else if (line.startsWith('is ')) {
      const key = keyOf(last, line.slice(3))
      if (key) (kept === '' ? file.own : file.kept.get(kept))?.push(key)
    }
  }
  return {
    files: found
      .filter(({ there }) => there)
      .map(
        ({ path, accounts, own, kept: all }): KeysFile => ({
          path,
          accounts,
          keys: own,
          kept: [...all].map(([name, keys]) => ({ name, keys })),
        }),
      ),
    beside,
  }
}

/** What is commented out lets nobody in, and stays. */
const commented = '/^[[:space:]]*#/'
const without = (blobs: readonly string[]): readonly string[] => ['-e', `${commented}b`, ...blobs.flatMap((blob) => ['-e', `\\|${blob}|d`])]
const keptAt = ({ path, keptAs }: LeavingKeys): string => join(dirname(path), keptAs)

/** The new file takes the old one's place as a whole, with its owner and mode; what leads to another place goes on to lead there. */
export const removeKeysLine = (keys: LeavingKeys): ShellLine => {
  const line = sh`f=$(readlink -f ${keys.path}) && cp -p "$f" ${keptAt(keys)} && cp -p "$f" "$f.new" && sed ${words(without(keys.blobs))} "$f" > "$f.new" && mv "$f.new" "$f"`
  return sh`sh -c ${line}`
}

export const putBackKeysLine = (keys: LeavingKeys): ShellLine => {
  const kept = keptAt(keys)
  const again = keys.blobs.map(
    (blob) => sh`{ grep -qF ${blob} "$f" || sed -n -e ${`${commented}d`} -e ${`\\|${blob}|p`} ${kept} >> "$f"; }`,
  )
  const whole = sh`sed ${words(without(keys.blobs))} ${kept} | cmp -s - "$f"`
  const ended = sh`{ test -z "$(tail -c 1 "$f")" || echo >> "$f"; }`
  const alone = again.reduce((line, one) => sh`${part(line)} && ${part(one)}`, ended)
  const line = sh`f=$(readlink -f ${keys.path}) && if ${part(whole)}; then cp -p ${kept} "$f.new" && mv "$f.new" "$f" && rm ${kept}; else ${part(alone)}; fi`
  return sh`sh -c ${line}`
}
