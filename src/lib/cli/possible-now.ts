import { kindOf } from '../runbook/kind.ts'
import type { Page } from '../runbook/page.ts'
import type { Answers } from '../systems/answering.ts'
import type { Name } from '../systems/systems.ts'
import { shown } from './shown.ts'
import { called } from './while-looking.ts'

/** What is known of the deployment while somebody chooses. */
export interface Now {
  /** Which systems a command asks. */
  readonly needs: (command: string) => readonly Name[]
  readonly known: ReadonlyMap<Name, Answers>
  /** Nothing may be changed from here. */
  readonly readonly: boolean
}

/** Commands that are there for the very system that does not answer. */
const cures: Readonly<Partial<Record<string, Name>>> = { 'kubeconfig:renew': 'kube' }

/** Whether a command can do its work at this moment: a word for its line, and a sentence. Nothing where it is not known. */
export const possibleNow = (page: Page, { needs, known, readonly }: Now): { readonly mark?: string; readonly sentence?: string } => {
  const { command } = page
  const changes = kindOf(page) === 'changes'
  if (changes && readonly) return { mark: 'read-only', sentence: 'Not now: this deployment may only be looked at from here' }
  const asked = needs(command).filter((name) => cures[command] !== name && known.has(name))
  const away = asked.filter((name) => known.get(name)?.ok === false)
  const first = away.find((name) => reasonIn(known.get(name)) !== undefined) ?? away[0]
  if (first === undefined)
    return asked.length === 0
      ? {}
      : { sentence: `Possible now: ${listed(asked)} ${asked.length > 1 || asked[0] === 'nodes' ? 'answer' : 'answers'}` }
  const because = reasonIn(known.get(first))
  if (because === undefined)
    return {
      mark: `${shortName(first)} silent`,
      sentence: `Not known: ${nameOf(first)} ${first === 'nodes' ? 'have' : 'has'} not answered yet`,
    }
  const sentence = `${nameOf(first)} cannot be asked: ${shown(because)}`
  // A report shows what it can; what changes something needs all that it asks for.
  if (!changes && away.length < asked.length) return { sentence: `Only in part now: ${sentence}` }
  return { mark: `no ${shortName(first)}`, sentence: `Not now: ${sentence}` }
}

const reasonIn = (answers: Answers | undefined): string | undefined => (answers?.ok === false ? answers.because : undefined)

const nameOf = (name: Name): string => called[name] ?? name
const shortName = (name: Name): string => nameOf(name).replace(/^the /, '')

const listed = (names: readonly Name[]): string =>
  names.length < 2 ? names.map(nameOf).join('') : `${names.slice(0, -1).map(nameOf).join(', ')} and ${nameOf(names.at(-1) as Name)}`
