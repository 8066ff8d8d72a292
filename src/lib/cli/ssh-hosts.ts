import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'

/** As OpenSSH has it: of the account, whatever HOME says. */
const home = userInfo().homedir

/** The user's own configuration, which `ssh` reads where it is given no other. */
export const ownSshConfig = join(home, '.ssh/config')

/** Files that one word behind Include names: `~`, `*` and `?` as OpenSSH takes them, what is relative from ~/.ssh. */
const included = (word: string): readonly string[] => {
  const spelled = word.replace(/^~(?=\/)/, home)
  return matching(isAbsolute(spelled) ? spelled : join(home, '.ssh', spelled))
}

const matching = (path: string): readonly string[] => {
  if (!/[*?]/.test(path)) return existsSync(path) ? [path] : []
  const last = new RegExp(
    `^${basename(path)
      .replaceAll(/[^\w*?]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )
  return matching(dirname(path)).flatMap((folder) =>
    namesIn(folder).flatMap((name) =>
      last.test(name) && (!name.startsWith('.') || basename(path).startsWith('.')) ? [join(folder, name)] : [],
    ),
  )
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Hosts that an SSH configuration names, without patterns, in their order, with those of the files that it includes: `ssh -G` resolves a host, and lists none. */
export const sshHosts = (file: string, depth = 0): readonly string[] => {
  // So deep OpenSSH itself goes.
  if (depth > 16) return []
  const found = textOf(file)
    .split('\n')
    .flatMap((line) => {
      const [, keyword = '', rest = ''] = /^\s*(host|include)(?:\s*=\s*|\s+)(.+?)\s*$/i.exec(line) ?? []
      const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)
      if (keyword.toLowerCase() === 'include') return words.flatMap(included).flatMap((one) => sshHosts(one, depth + 1))
      return words.filter((name) => !/[*?!]/.test(name))
    })
  return [...new Set(found)]
}
