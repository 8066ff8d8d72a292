/** What the build knows of each command, for who completes it. */
export interface Known {
  readonly topics: Readonly<Record<string, string>>
  readonly commands: Readonly<Record<string, KnownCommand>>
}

export interface KnownCommand {
  readonly about: string
  readonly args: readonly string[]
  readonly flags: Readonly<Record<string, KnownFlag>>
}

interface KnownFlag {
  readonly about: string
  /** False for one that takes no value. */
  readonly value: boolean
  readonly options?: readonly string[]
}

/** A word that could stand there, with what it means. */
export type Candidate = readonly [word: string, about: string]

/** What is there to be chosen in a live deployment; '' of what could not be read is left out. */
export interface Live {
  readonly nodes: readonly Candidate[]
  readonly workloads: readonly Candidate[]
  readonly secrets: readonly Candidate[]
  readonly runs: readonly Candidate[]
  readonly environments: readonly Candidate[]
}

/** Which of them an argument or a flag means, by its name. */
const meant: Readonly<Record<string, keyof Live>> = {
  node: 'nodes',
  '--node': 'nodes',
  workload: 'workloads',
  '--only': 'workloads',
  run: 'runs',
  'secrets:rotate name': 'secrets',
  'kubeconfig:renew --from': 'nodes',
  '--env': 'environments',
}

/** The words of a line up to the cursor, its quotes taken off; the last one is what is being typed, '' behind a blank. */
export const wordsOf = (line: string): readonly string[] => {
  const words = line.match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? []
  const plain = words.map((word) => word.replace(/["']/g, ''))
  return /\s$/.test(line) || plain.length === 0 ? [...plain, ''] : plain
}

/** What can stand where the cursor is. `line`: from its beginning, with the program's name. */
export const candidates = (line: string, { topics, commands }: Known, live: () => Live): readonly Candidate[] => {
  const words = wordsOf(line).slice(1)
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const found = commandIn(before, commands)
  const fits = (all: readonly Candidate[]) => all.filter(([word]) => word.startsWith(current))
  if (!found) return fits(namesAfter(before, topics, commands))
  const { id, command, rest } = found
  const of = (name: string): readonly Candidate[] => {
    const kind = meant[`${id} ${name}`] ?? meant[name]
    return kind === undefined ? [] : live()[kind]
  }
  const last = rest.at(-1)
  const open = last?.startsWith('--') ? command.flags[last.slice(2)] : undefined
  if (last !== undefined && open?.value) return fits(open.options?.map((one) => [one, ''] as const) ?? of(last))
  const [flag = '', value] = current.startsWith('--') && current.includes('=') ? current.split('=', 2) : []
  const assigned = command.flags[flag.slice(2)]
  if (value !== undefined && assigned?.value)
    return fits((assigned.options?.map((one) => [one, ''] as const) ?? of(flag)).map(([word, about]) => [`${flag}=${word}`, about]))
  const flags = Object.entries(command.flags).flatMap(([name, { about }]): readonly Candidate[] =>
    rest.includes(`--${name}`) ? [] : [[`--${name}`, about]],
  )
  if (current.startsWith('-')) return fits(flags)
  const given = rest.filter((word, i) => !word.startsWith('-') && !isValue(rest[i - 1], command)).length
  const argument = command.args[given]
  const values = argument === undefined ? [] : fits(argument === 'page' ? pagesOf(commands) : of(argument))
  return values.length > 0 || current !== '' ? values : flags
}

const isValue = (before: string | undefined, { flags }: KnownCommand): boolean =>
  before?.startsWith('--') === true && flags[before.slice(2)]?.value === true

const pagesOf = (commands: Known['commands']): readonly Candidate[] => Object.entries(commands).map(([id, { about }]) => [id, about])

/** `db:status` or `db status`, and what stands behind it. */
const commandIn = (
  words: readonly string[],
  commands: Known['commands'],
): { readonly id: string; readonly command: KnownCommand; readonly rest: readonly string[] } | undefined => {
  for (const count of [1, 2]) {
    const id = words.slice(0, count).join(':')
    const command = commands[id]
    if (command && words.length >= count) return { id, command, rest: words.slice(count) }
  }
  return undefined
}

/** Commands by their whole name; after a topic and a blank, by what is left of it. */
const namesAfter = (before: readonly string[], topics: Known['topics'], commands: Known['commands']): readonly Candidate[] => {
  const all = pagesOf(commands)
  const [topic, ...more] = before
  if (topic === undefined) return all
  if (more.length > 0 || topics[topic] === undefined) return []
  return all.flatMap(([id, about]): readonly Candidate[] => (id.startsWith(`${topic}:`) ? [[id.slice(topic.length + 1), about]] : []))
}
