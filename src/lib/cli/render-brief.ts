import type { ChalkInstance } from 'chalk'
import type { Plan, PlannedStep } from '../plan/plan.ts'
import { word } from '../shell.ts'
import { markOf } from './deployment-mark.ts'
import { shown } from './shown.ts'
import { columnsOf, cut, wrap } from './wrap.ts'

/** What a screen has room for: no text is wider, and nothing is left out where there is no screen. */
export interface Room {
  readonly columns: number
  readonly rows: number
}

/** A pipe or a file: whole sentences, each on one line. */
const noScreen: Room = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

const marks = { change: '~', gate: '?', proof: '=' } as const

/** Steps that do the same to several things, one after another. */
interface Group {
  readonly steps: readonly PlannedStep[]
  readonly first: number
}

const wordsOf = ({ title }: PlannedStep): readonly string[] => title.split(' ')

/** Where two titles differ, if they differ in one word alone. */
const differsAt = (one: PlannedStep, other: PlannedStep): number | undefined => {
  const [a, b] = [wordsOf(one), wordsOf(other)]
  const at = a.flatMap((word, i) => (word === b[i] ? [] : [i]))
  return a.length === b.length && at.length === 1 ? at[0] : undefined
}

const isAlike = (one: PlannedStep, other: PlannedStep): boolean =>
  one.kind === other.kind && one.already === other.already && one.undo === other.undo && differsAt(one, other) !== undefined

/** Neighbours whose titles differ in the same one word stand together. */
const groupsOf = (steps: readonly PlannedStep[], noReturn: number | undefined): readonly Group[] => {
  const groups: { steps: PlannedStep[]; first: number }[] = []
  for (const [i, step] of steps.entries()) {
    const last = groups.at(-1)
    const [first, second] = last?.steps ?? []
    const joins =
      last &&
      first &&
      i !== noReturn &&
      isAlike(first, step) &&
      (second === undefined || differsAt(first, second) === differsAt(first, step))
    if (joins) last.steps.push(step)
    else groups.push({ steps: [step], first: i })
  }
  return groups
}

/** "Restart api, admin, web, worker". */
const titleOf = ({ steps }: Group): string => {
  const [first, second] = steps
  if (!first) return ''
  const at = second && differsAt(first, second)
  if (at === undefined) return first.title
  const all = steps.map((step) => wordsOf(step)[at] ?? '')
  const title = wordsOf(first)
    .map((word, i) => (i === at ? all.join(', ') : word))
    .join(' ')
  return `${title}${first.kind === 'change' ? ', one after another' : ''}`
}

type Depth = 'everything' | 'effects' | 'titles'

/** Each side gets its half: what differs may stand anywhere in them. */
const change = (what: string, before: string, after: string, width: number): string => {
  const whole = `${what}: ${before} → ${after}`
  if (columnsOf(whole) <= width) return whole
  const short = `${before} → ${after}`
  if (columnsOf(short) <= width) return short
  const half = Math.floor((width - 3) / 2)
  const left = Math.max(half, width - 3 - columnsOf(after))
  const first = cut(before, left)
  return `${first} → ${cut(after, width - 3 - columnsOf(first))}`
}

/** Text behind a lead: broken between words, or cut where there is no room for more. */
const behind = (lead: string, text: string, { columns }: Room, isCut = false): readonly string[] => {
  const width = columnsOf(lead)
  if (!Number.isFinite(columns)) return [`${lead}${shown(text)}`]
  const lines = isCut ? [cut(shown(text), columns - width)] : wrap(shown(text), columns - width)
  return lines.map((line, i) => `${i === 0 ? lead : ' '.repeat(width)}${line}`)
}

const renderGroup = (group: Group, depth: Depth, room: Room, chalk: ChalkInstance): readonly string[] => {
  const { steps, first } = group
  const [step] = steps
  if (!step) return []
  const last = first + steps.length
  const lead = `${(steps.length > 1 ? `${first + 1}-${last}` : String(last)).padStart(3)} ${marks[step.kind]} `
  const title = behind(lead, `${titleOf(group)}${step.already ? ' (already so)' : ''}`, room)
  if (step.already) return title.map((line) => chalk.dim(line))
  const indent = ' '.repeat(lead.length)
  const width = room.columns - lead.length
  const asks = step.type === undefined || depth === 'titles' ? [] : behind(indent, `type: ${step.type}`, room, true)
  if (depth === 'titles') return title
  const becomes = steps.flatMap(({ effect }) => effect)
  const sentences = new Set(becomes.map(({ before, after }) => `${before} → ${after}`))
  const [one] = becomes
  // What becomes the same of all of them is said once.
  const isSame = steps.length > 1 && sentences.size === 1 && Number.isFinite(room.columns)
  if (depth === 'everything' && !isSame)
    return [
      ...title,
      ...becomes.map(({ what, before, after }) => `${indent}${change(shown(what), shown(before), shown(after), width)}`),
      ...(step.ask === undefined ? [] : behind(indent, step.ask, room)),
      ...asks,
    ]
  return [
    ...title,
    ...(one && sentences.size === 1 ? [`${indent}${change('', shown(one.before), shown(one.after), width).replace(/^: /, '')}`] : []),
    ...asks,
  ]
}

/** A name in front of its lines, so many of them at most. */
const rows = (
  name: string,
  lines: readonly string[],
  most: number,
  isCut: boolean,
  room: Room,
  chalk: ChalkInstance,
): readonly string[] => {
  const left = lines.length - most
  const kept = left > 0 ? lines.slice(0, most).map((line, i) => (i === most - 1 ? `(${left} more: d) ${line}` : line)) : lines
  return kept.flatMap((text, i) => behind(chalk.bold((i === 0 ? name : '').padEnd(8)), text, room, isCut))
}

/** The cluster, and what the procedure itself says of its target: the connections between them are in the details. */
const targetOf = ({ target }: Plan, most: number): readonly string[] =>
  target.length <= most ? target : [...target.slice(0, 1), ...target.slice(1 - most)]

const undoOf = ({ steps, noReturn, confirm }: Plan): readonly string[] => {
  const typed = steps.findIndex(({ type, already }) => type !== undefined && !already)
  if (!steps.some(({ kind, already }) => kind === 'change' && !already)) return ['nothing is to be changed']
  if (noReturn === undefined) return ['every step can be taken back; it is offered after a failure or Ctrl-C']
  return [
    `no return from step ${noReturn + 1} on: ${steps[noReturn]?.undo ?? ''}`,
    ...(typed < 0 ? [] : [`step ${typed + 1} asks for ${confirm} to be typed before it`]),
  ]
}

/** How much of a plan is shown: what becomes of things first gives way, then whole sentences, then steps in the middle. */
interface Measure {
  readonly depth: Depth
  /** Lines of what is to be known, of each kind. */
  readonly most: number
  readonly isCut: boolean
  readonly steps: number
}

const all = Number.POSITIVE_INFINITY
const measures = (room: Room): readonly Measure[] => [
  { depth: 'everything', most: all, isCut: false, steps: all },
  { depth: 'effects', most: all, isCut: false, steps: all },
  { depth: 'effects', most: 3, isCut: true, steps: all },
  { depth: 'titles', most: 3, isCut: true, steps: all },
  { depth: 'titles', most: 1, isCut: true, steps: all },
  { depth: 'titles', most: 1, isCut: true, steps: Math.max(6, room.rows - 9) },
]

const middleOut = (lines: readonly string[], most: number): readonly string[] => {
  const left = lines.length - most
  if (left <= 0) return lines
  const tail = Math.floor((most - 1) / 2)
  return [...lines.slice(0, most - 1 - tail), `    … ${left + 1} lines more: d …`, ...lines.slice(-tail)]
}

const renderAs = ({ depth, most, isCut, steps: mostSteps }: Measure, plan: Plan, room: Room, chalk: ChalkInstance): readonly string[] => {
  const steps = groupsOf(plan.steps, plan.noReturn).flatMap((group) => [
    ...(group.first === plan.noReturn ? [chalk.red('    ── no return from here on ──')] : []),
    ...renderGroup(group, depth, room, chalk),
  ])
  const risk = [...(plan.outlier === undefined ? [] : [`unusual: ${plan.outlier}`]), ...plan.beyond]
  const section = plan.section === undefined ? '' : chalk.dim(` §${plan.section}`)
  const head = `${markOf(plan.environment, chalk)}  ${chalk.bold(shown(plan.title))}${section}  ${chalk.dim(`plan ${plan.name}`)}`
  return [
    ...(Number.isFinite(room.columns) ? wrap(head, room.columns) : [head]),
    ...rows('where', targetOf(plan, most === 1 ? 2 : most + 1), all, Number.isFinite(room.columns), room, chalk),
    ...middleOut(steps, mostSteps),
    // What cannot be taken back is never cut.
    ...rows('undo', undoOf(plan), all, false, room, plan.noReturn === undefined ? chalk : chalk.red),
    ...rows('know', risk, most, isCut, room, chalk),
    ...rows('open', plan.uncheckable, most, isCut, room, chalk),
    ...rows('blocked', plan.blocked, all, false, room, chalk.red),
  ]
}

/**
 * A plan on one screen: which deployment, what will change, what is at risk, what cannot be undone; as much of it as the room holds. No shell
 * lines: they are asked for.
 */
export const renderBrief = (plan: Plan, chalk: ChalkInstance, room: Room): readonly string[] => {
  const tries = measures(room).map((measure) => () => renderAs(measure, plan, room, chalk))
  let lines: readonly string[] = []
  for (const attempt of tries) {
    lines = attempt()
    if (lines.length <= room.rows) break
  }
  return lines
}

/** What to type where nobody can be asked. */
export const unattended = ({ confirm, risk, outlier, name }: Plan): string | undefined =>
  confirm === undefined
    ? undefined
    : `Where nobody can be asked: --confirm ${word(confirm)}${risk === 'irreversible' || outlier !== undefined ? ` --plan ${name}` : ''}`

/** The room of a terminal, without so many rows below. */
export const roomOf = ({ isTTY, columns, rows: high }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>, below: number): Room =>
  isTTY ? { columns: columns || 80, rows: Math.max(12, (high || 24) - below) } : noScreen
