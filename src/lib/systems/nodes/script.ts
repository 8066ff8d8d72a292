import { randomBytes } from 'node:crypto'
import type { CommandOutput } from './types.ts'

/** bsd-csh takes no word of more than 1,024 characters. */
const longestWord = 900

/** What a login shell might take for its own, also between quotes, in printf's %b. */
const escapes: Readonly<Record<string, string>> = { '\n': '\\0012', "'": '\\0047', '\\': '\\0134', '!': '\\0041' }

/** Cut where a word may end, so that none is too long. */
const pieces = (script: string): readonly string[] => {
  const found: string[] = ['']
  for (const part of script.match(/[^\n ]*[\n ]?/g) ?? []) {
    const text = part.replaceAll(/[\n'\\!]/g, (character) => escapes[character] ?? character)
    const last = found.length - 1
    if ((found[last] ?? '').length + text.length > longestWord) found.push(text)
    else found[last] += text
  }
  return found.filter((piece) => piece !== '')
}

/**
 * One line that hands a script to /bin/sh in every login shell (sh, bash, csh, fish, rc …): nothing stands in it that one of them reads in its own way.
 * Not on standard input: what a start-up file of the login shell reads there would be missing from the script.
 */
const commandLine = (script: string): string =>
  `/bin/sh -c 'IFS=; eval "$(printf %b "$*")"' sh ${pieces(script)
    .map((piece) => `'${piece}'`)
    .join(' ')}`

// sudo hands both languages on; LANGUAGE alone is what gettext reads first. What root needs of PATH stands after the user's own.
// `root` asks sudo only where somebody else is signed in: root may be on a machine without it.
// It is given the whole path, as sudoers have it: its own PATH may lack /usr/sbin.
// Its name saves a process; another name may be root's too.
const prelude = `
LC_ALL=C LANGUAGE=C PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL LANGUAGE PATH
unset IFS
own_name() { hostname 2>/dev/null || uname -n; }
root() { if [ "$USER" = root ] || [ "$(id -u)" = 0 ]; then "$@"; else program=$(command -v "$1") && shift && set -- "$program" "$@"; sudo -n "$@"; fi; }
`

/** A line of a script that tells where there is no sudo: who is let in is root there, and a line to be pasted does without. */
export const sayNoSudo = 'command -v sudo > /dev/null 2>&1 || echo no-sudo'

/** Whether it said so. */
export const lacksSudo = (stdout: string): boolean => /^no-sudo$/m.test(stdout)

/** What a script of ours printed, without what others printed around it. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What the machine calls itself. */
  readonly hostname: string
}

/** A script between marks that nobody else knows, and how to find its answer between what start-up files and greetings print. */
export const framed = (script: string): { readonly command: string; readonly read: (output: CommandOutput) => Answer | undefined } => {
  const mark = `honeydue-${randomBytes(9).toString('hex')}`
  const command = commandLine(
    `${prelude}echo '${mark} begins' >&2\nprintf '${mark} begins %s\\n' "$(own_name)"\n(\n${script}\n)\nprintf '\\n${mark} ends %s\\n' "$?"\n`,
  )
  const answer = new RegExp(`${mark} begins (.*)\\n([^]*)\\n${mark} ends (\\d+)\\n`)
  return {
    command,
    read: ({ stdout, stderr }) => {
      const [found, hostname = '', text = '', code] = answer.exec(stdout) ?? []
      if (found === undefined) return undefined
      const said = stderr.split(`${mark} begins\n`)
      return { code: Number(code), stdout: text, stderr: said.slice(1).join(''), hostname: hostname.trim() }
    },
  }
}
