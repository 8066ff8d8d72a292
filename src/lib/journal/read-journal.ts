import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Blocked } from '../errors.ts'
import { lives } from '../living-process.ts'
import type { Begin, End, Entry, Facts, Header, Intent, Note, Result, Waiting } from './entries.ts'
import { journalsOf } from './write-journal.ts'

type At<T> = T & { readonly at: string }

/** One run as its journal tells it. */
export interface JournaledRun {
  readonly run: string
  readonly header: At<Header>
  readonly begin?: At<Begin>
  readonly facts?: At<Facts>
  readonly intents: readonly At<Intent>[]
  readonly results: readonly At<Result>[]
  readonly waits: readonly At<Waiting>[]
  readonly notes: readonly At<Note>[]
  readonly end?: At<End>
  /** going on: its process lives; interrupted: it was ended without a word; elsewhere: another machine wrote it, and it has no end. */
  readonly status: 'ended' | 'going on' | 'interrupted' | 'elsewhere'
  /** The step, from 0, whose intent has no result: whether it was done, only its verify can say. */
  readonly unknown?: number
}

/** Every run of this user, the latest first; what is no journal is left out. `host`: this machine's name. */
export const readRuns = async (state: string, host: string): Promise<readonly JournaledRun[]> => {
  const names = await readdir(journalsOf(state)).catch(() => [])
  const ids = names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -'.jsonl'.length))
  const runs = await Promise.all(ids.map((id) => readRun(state, id, host)))
  return runs.flatMap((run) => run ?? []).sort((one, other) => other.header.at.localeCompare(one.header.at))
}

/** The run whose id this is, or begins or ends with. Throws Blocked where none or several are. */
export const findRun = async (state: string, host: string, asked: string): Promise<JournaledRun> => {
  const runs = await readRuns(state, host)
  const found = asked === 'last' ? runs.slice(0, 1) : runs.filter(({ run }) => run.startsWith(asked) || run.endsWith(asked))
  const [one, ...more] = found
  if (one && more.length === 0) return one
  throw new Blocked({
    code: one ? 'run-ambiguous' : 'run-unknown',
    failed: one ? `${found.length} runs begin or end with ${asked}` : `There is no run ${asked}`,
    cause: one ? found.map(({ run }) => run).join(', ') : `The journals of this machine are in ${journalsOf(state)}`,
    next: 'honeydue run:list',
  })
}

const readRun = async (state: string, run: string, host: string): Promise<JournaledRun | undefined> => {
  const text = await readFile(join(journalsOf(state), `${run}.jsonl`), 'utf8').catch(() => '')
  const entries = text.split('\n').flatMap(entryOf)
  const [header] = entries
  if (header?.type !== 'plan') return undefined
  const of = <T extends Entry['type']>(type: T) => entries.filter((entry): entry is At<Extract<Entry, { type: T }>> => entry.type === type)
  const [begin, facts, end] = [of('begin').at(0), of('facts').at(0), of('end').at(-1)]
  const [intents, results] = [of('intent'), of('result')]
  const last = intents.at(-1)
  const unknown = last && !end && !results.some(({ step, at }) => step === last.step && at >= last.at) ? last.step : undefined
  const status = end ? 'ended' : header.who.host !== host ? 'elsewhere' : lives(header.who) ? 'going on' : 'interrupted'
  return {
    run,
    header,
    intents,
    results,
    waits: of('waiting'),
    notes: of('note'),
    status,
    ...(begin && { begin }),
    ...(facts && { facts }),
    ...(end && { end }),
    ...(unknown !== undefined && { unknown }),
  }
}

/** The last line of a run that was killed may be half of one. */
const entryOf = (line: string): readonly Entry[] => {
  try {
    const value = JSON.parse(line) as Partial<Entry> | null
    return typeof value?.type === 'string' && typeof value.at === 'string' ? [value as Entry] : []
  } catch {
    return []
  }
}
