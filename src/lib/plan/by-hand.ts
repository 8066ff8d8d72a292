import { comment, part, type ShellLine, sh } from '../shell.ts'
import type { StepState } from './outcome.ts'
import type { PlannedStep } from './planned.ts'
import type { Risk } from './procedure.ts'

/** How far a run came: the state of each step, and how many of its writes came to their end. */
export interface Come {
  readonly states: readonly StepState[]
  readonly written: readonly number[]
}

/** `held`: nothing takes it back, so it is commented out. `note`: for people. */
export interface HandLine {
  readonly kind: 'line' | 'held' | 'note'
  readonly text: ShellLine
}

interface Planned {
  readonly risk: Risk
  readonly steps: readonly PlannedStep[]
}

const line = (text: ShellLine): HandLine => ({ kind: 'line', text })
const note = (text: string): HandLine => ({ kind: 'note', text: comment(text) })

/** Lines that others call; where nobody can answer, what follows is not done. Keys that were pressed, or pasted, before a question are no answer to it. */
const helpers: Readonly<Record<string, ShellLine>> = {
  ask: sh`ask() { printf '%s\\n%s ' "$1" "$2" >&2; if test -t 0; then tty=$(stty -g); stty -icanon min 0 time 1; cat > /dev/null; stty "$tty"; fi; read -r answer; }`,
  see: sh`see() { ask "$1" 'Enter where it is so, Ctrl-C where not:'; }`,
  within: sh`within() { left=$1; shift; "$@" && return; echo "Waiting up to $left s for: $*" >&2; until "$@"; do left=$((left - 1)); test "$left" -gt 0 || return 1; sleep 1; done; }`,
}

/** What a run changes, or what is left of it, line by line, with what the lines rely on; none where nothing is left to change. */
export const handLines = ({ risk, steps }: Planned, come?: Come): readonly HandLine[] => {
  const left = steps.flatMap((step, i) => {
    const at = { state: come?.states[i] ?? (step.already ? ('already' as const) : ('untouched' as const)), written: come?.written[i] ?? 0 }
    return open.includes(at.state) && !(step.already && at.state === 'untouched') ? [{ step, at }] : []
  })
  if (!left.some(({ step }) => step.kind === 'change')) return []
  const body = left.flatMap(({ step, at }) => linesOf(step, at, risk))
  const before = left.flatMap(({ step }) => [...step.writes.flatMap((one) => one.before ?? []), ...(step.shows?.before ?? [])])
  const calls = (name: string) => body.some(({ kind, text }) => kind !== 'note' && text.split(/\s/).includes(name))
  const used = Object.entries(helpers).flatMap(([name, text]) => (calls(name) || (name === 'ask' && calls('see')) ? [text] : []))
  return [...[...new Set([...before, ...used])].map(line), ...body]
}

/**
 * The same as text for a terminal: a script for `sh`, whatever shell it is pasted into, that stops at the first thing that fails, as a run would, and
 * leaves that shell open. It goes in by a descriptor of its own, so that ssh and kubectl do not read it as their input.
 */
export const byHand = (plan: Planned, come?: Come): readonly ShellLine[] => scriptOf(handLines(plan, come))

export const scriptOf = (lines: readonly HandLine[]): readonly ShellLine[] =>
  lines.length === 0
    ? []
    : [
        sh`sh /dev/fd/3 3<<'BY_HAND'`,
        sh`set -eu`,
        sh`trap 'test $? = 0 || echo "Stopped there: what follows was not done." >&2' EXIT`,
        ...lines.map(({ kind, text }) => (kind === 'held' ? sh`# ${part(text)}` : text)),
        sh`BY_HAND`,
      ]

interface At {
  readonly state: StepState
  readonly written: number
}

const open: readonly StepState[] = ['untouched', 'undone', 'half', 'unverified']

const linesOf = (step: PlannedStep, at: At, risk: Risk): readonly HandLine[] => {
  const seen = line(sh`see ${step.title}`)
  const shown = step.shows?.lines.map(line)
  if (step.kind === 'gate')
    return [note(step.title), ...(step.type === undefined ? [line(sh`see ${step.ask ?? ''}`)] : [note(step.ask ?? '')])]
  if (step.kind === 'proof') return [note(`It goes on where this holds: ${step.title}`), ...(shown ?? [seen])]
  if (at.state === 'unverified') return [note(`Done, and not seen to hold; look first: ${step.title}`), ...(shown ?? [seen])]
  // What was done and is no longer so is done anew, from its first write on.
  const writes = step.writes.slice(at.state === 'undone' ? 0 : at.written).map(({ lines }) => lines.map(line))
  const lines = [...(at.state === 'half' ? begun(step, writes) : writes.flat()), ...(shown ?? (writes.length > 0 ? [] : [seen]))]
  const head = [note(step.title), ...(at.state === 'half' ? [note(halfDone(at))] : []), ...(at.state === 'undone' ? [note(undone)] : [])]
  const forEver = risk === 'irreversible' && step.undo !== undefined && step.undo !== 'undo'
  if (!forEver && !step.held) return [...head, ...lines]
  return [
    ...head,
    ...(forEver ? [note(`Nothing takes this back: ${step.undo}.`)] : []),
    note('Where it is to be done, take away the "# " before:'),
    ...lines.map(held),
  ]
}

const undone = 'Done, and undone since by somebody else. Ask them first.'

const halfDone = ({ written }: At): string =>
  `Begun, and not come to its end${written > 0 ? `: ${written} of its writes did` : ''}. Look first whether the next one was done.`

/** Of what was begun, nobody knows whether the write under way was carried out. */
const begun = (step: PlannedStep, [first, ...rest]: readonly (readonly HandLine[])[]): readonly HandLine[] =>
  first === undefined
    ? []
    : [
        line(sh`ask ${step.title} 'Is that done already? [y/N]'`),
        // Not in the condition: there a question that nobody answers would stop nothing.
        line(sh`if test "$answer" = y; then :; else`),
        ...first,
        line(sh`fi`),
        ...rest.flat(),
      ]

const held = ({ text }: HandLine): HandLine => ({ kind: 'held', text })
