import { existsSync } from 'node:fs'
import type { Environment } from '../environment/schema.ts'
import type { SeenNode } from '../node-lines.ts'
import { part, quotingOf, type ShellLine, sh, word, words } from '../shell.ts'

/** What a line must say beside its command, so that it reaches the deployment that was looked at and no other. */
export interface Here {
  /** As `--env` or HONEYDUE_ENV named it; undefined: the one that is meant without a word. */
  readonly env?: string | undefined
  /** The file that kubectl would not find by itself. */
  readonly kubeconfig?: string | undefined
  /** The configuration that ssh would not read by itself. */
  readonly ssh?: string | undefined
  /** What was seen of each alias by now: options without which ssh takes no command there. */
  readonly seen?: ReadonlyMap<string, SeenNode> | undefined
}

/** What `--env` says in these words, or the variable that stands for it. */
export const envAsked = (words: readonly string[], env: NodeJS.ProcessEnv): string | undefined => {
  const at = words.findIndex((word) => word === '--env' || word.startsWith('--env='))
  const given = words[at]?.startsWith('--env=') ? words[at].slice('--env='.length) : at < 0 ? undefined : words[at + 1]
  return given ?? env['HONEYDUE_ENV']
}

export const hereIn = ({ kubeconfig, ssh }: Environment, asked: string | undefined, env: NodeJS.ProcessEnv, seen?: Here['seen']): Here => {
  const used = kubeconfig.find((path) => existsSync(path)) ?? kubeconfig[0]
  return { env: asked, kubeconfig: used === env['KUBECONFIG'] ? undefined : used, ssh: ssh.config, seen }
}

/** These commands look at no deployment, or say themselves which one. */
const elsewhere = /^(?:sandbox|version|help|runbook:(?:list|show))\b/

const inHome = (path: string): ShellLine => {
  const home = process.env['HOME']
  const [head, rest] = home && path.startsWith(`${home}/`) ? ['~/', path.slice(home.length + 1)] : ['', path]
  return head === '' ? word(rest) : sh`~/${rest}`
}

/** `ssh ALIAS COMMAND`, with flags that take no word of their own before the alias: what has options says them itself. */
const command = /(?<![\w/.~-])ssh ((?:-[tTvqn] )*)([\w.-]+)(?= )/g

/** A line that runs a command on a node says what the alias needs for it, whoever wrote the line. */
const withOptions = (plain: string, seen: Here['seen']): string =>
  plain.replace(command, (line, flags: string, alias: string) => {
    const options = seen?.get(alias)?.options ?? []
    return options.length === 0 ? line : sh`ssh ${words([...flags.split(' ').filter(Boolean), ...options, alias])}`
  })

const commandsHere = (plain: string, { env, kubeconfig, ssh, seen }: Here): string =>
  withOptions(plain, seen)
    .replace(/(?<![\w/.~-])honeydue ([a-z]+:[a-z-]+|doctor|logs|status|diagnose)(?![\w:-])(?! --(?:env|help))/g, (line, id: string) =>
      env === undefined || elsewhere.test(id) ? line : `${line} --env ${word(env)}`,
    )
    .replace(
      /(?<![\w/.~-])kubectl (?=-|[a-z]+ )(?!--kubeconfig)/g,
      kubeconfig ? sh`kubectl --kubeconfig ${part(inHome(kubeconfig))} ` : '$&',
    )
    .replace(/(?<![\w/.~-])ssh (?=-|[a-z0-9]+)(?!-F )/g, ssh ? sh`ssh -F ${part(inHome(ssh))} ` : '$&')

/** Neither `--env` nor a kubeconfig is put into what is quoted: there stand others' words. */
const outsideQuotes = (text: string, change: (plain: string) => string): string => {
  const quotes = quotingOf(text)
  const isQuoted = (at: number) => quotes[at] !== ''
  let done = ''
  for (let at = 0; at < text.length; ) {
    let end = at
    while (end < text.length && isQuoted(end) === isQuoted(at)) end++
    done += isQuoted(at) ? text.slice(at, end) : change(text.slice(at, end))
    at = end
  }
  return done
}

/** A line to be typed, for the deployment that was looked at. */
export const typedHere = (line: string, here: Here): string =>
  /(?<![\w-])--env[ =]/.test(line) ? line : outsideQuotes(line, (plain) => commandsHere(plain, here))

/** A sentence that names a command of ours. */
export const saidHere = (text: string, { env }: Here): string => typedHere(text, { env })
