import { atMost, type Duration, seconds, systemClock } from '../clock.ts'
import { Declined, type Trouble, Unreachable } from '../errors.ts'
import type { Begin, Facts } from '../journal/entries.ts'
import { type Lease, takeLease } from '../journal/lease.ts'
import { describeHolder, holderName } from '../journal/lease-words.ts'
import { findRun, readRuns } from '../journal/read-journal.ts'
import { usualDurations } from '../journal/usual.ts'
import { whoAmI } from '../journal/who.ts'
import { type Journal, newRunId, openJournal } from '../journal/write-journal.ts'
import { lives } from '../living-process.ts'
import { keepFacts } from '../plan/kept-facts.ts'
import type { Outcome, RunEvent } from '../plan/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { scrubbed } from '../secret.ts'
import { part, type ShellLine, sh } from '../shell.ts'
import type { LeaseRecord, LeaseStore } from '../systems/kube/lease-store.ts'
import { journalTeller } from './journal-teller.ts'
import type { Prompts } from './prompts.ts'
import type { Session } from './session.ts'

/** One run while it goes on: its journal, and the lease that keeps others out. */
export interface RunRecord {
  readonly run: string
  /** Undefined where none could be taken, and the operator went on without, or where the run itself stops what keeps it. */
  readonly lease: Lease | undefined
  /** From here on something is changed, by this plan. */
  readonly begin: (prepared: { readonly plan: Plan; readonly facts?: unknown; readonly input?: unknown }) => Promise<void>
  readonly tell: (event: RunEvent) => Promise<void>
  /** How long each step usually takes, by the journals of earlier runs. */
  readonly usual: (plan: Plan) => Promise<readonly (Duration | undefined)[]>
  readonly end: (outcome: Outcome) => Promise<void>
  /** Gives the lease back; a journal in which nothing was begun is taken away. */
  readonly close: () => Promise<void>
}

export interface Recording {
  readonly plan: Plan
  readonly session: Session
  /** The state folder. */
  readonly state: string
  /** The command line that goes on after a failure. */
  readonly line: ShellLine
  /** `--env` as it was typed. */
  readonly asked: string | undefined
  readonly prompts: Prompts | undefined
  readonly wait: Duration
  /** Whom the lease may be taken from, by name, where nobody is asked. */
  readonly takeOver: string | undefined
  readonly withoutLease: boolean
  /** The run itself stops what keeps it: it keeps others out for as long as it is seen, and the run goes on without it. */
  readonly losesLease?: boolean
  readonly say: (text: string) => void
  /** The run that this one takes back. */
  readonly undoes?: string
  /** That of the run that goes over into this one. */
  readonly lease?: Lease | undefined
  /** Why no lease is taken, where none is needed. */
  readonly none?: string
}

/** Opens the journal, and takes the lease: after this, and not before, something may be changed. */
export const openRecord = async (recording: Recording): Promise<RunRecord> => {
  const { plan, session, state, line, undoes, asked, none: needless = 'none was taken before it' } = recording
  const run = newRunId(systemClock.now())
  const who = whoAmI(process.env)
  const journal = await openJournal(
    state,
    { run, who, line, plan, ...(asked !== undefined && { asked }), ...(undoes !== undefined && { undoes }) },
    systemClock,
  )
  try {
    const taken = 'lease' in recording ? recording.lease : await takeOrAsk(`${who.user}@${who.host}/${run}`, recording)
    const lease = taken instanceof Unreachable ? undefined : taken
    const none = taken instanceof Unreachable ? `${taken.failed}: ${taken.likely ?? ''}` : needless
    return recordOf(
      journal,
      lease,
      { lease: lease ? { holder: lease.holder, epoch: lease.epoch, ...(lease.from && { from: lease.from }) } : { none } },
      session.lease,
      recording,
    )
  } catch (error) {
    await journal.forget()
    throw error
  }
}

const recordOf = (
  journal: Journal,
  lease: Lease | undefined,
  under: Pick<Begin, 'lease'>,
  store: LeaseStore,
  { line, lease: lent, state, losesLease }: Recording,
): RunRecord => {
  const announce = (...event: Parameters<LeaseStore['event']>) =>
    lease
      ? atMost(
          systemClock,
          seconds(2),
          store.event(...event).catch(() => {}),
        )
      : Promise.resolve()
  let told: ReturnType<typeof journalTeller> | undefined
  let ended = false
  return {
    run: journal.run,
    lease: losesLease ? undefined : lease,
    begin: async ({ plan, facts, input }) => {
      await journal.write({ type: 'begin', plan, ...under })
      if (facts !== undefined) await journal.write({ type: 'facts', ...kept(facts, input) })
      told = journalTeller(plan, journal, lease, announce)
      await announce('RunStarted', `${lease?.holder}: ${line} (plan ${plan.name}, epoch ${lease?.epoch})`)
    },
    tell: async (event) => told?.tell(event),
    usual: async (plan) => usualDurations(plan, await readRuns(state, whoAmI(process.env).host)),
    end: async ({ states, trouble }) => {
      ended = true
      const error = trouble && { code: trouble.code, failed: trouble.failed, state: trouble.state }
      // What is done is done: that its last line is missing is seen by whoever reads the journal.
      await journal.write({ type: 'end', exitCode: trouble?.exitCode ?? 0, states, ...error }).catch(() => {})
      await announce('RunEnded', `${lease?.holder}: ${trouble ? `${trouble.failed}. ${trouble.state}` : 'done, and seen to hold'}`)
    },
    close: async () => {
      if (told === undefined) await journal.forget()
      else await journal.close()
      if (lease && lent !== lease) await lease.release()
      if (!ended) told = undefined
    },
  }
}

const kept = (facts: unknown, input: unknown): Omit<Facts, 'type'> => {
  const packed = factsWithoutSecrets(input)
  return { ...factsWithoutSecrets(facts), ...('value' in packed && { input: packed.value }) }
}

/** Facts with a secret in them, also in the middle of a text, are kept nowhere. */
const factsWithoutSecrets = (facts: unknown): { readonly value: unknown } | { readonly because: string } => {
  const kept = keepFacts(facts, systemClock)
  if ('because' in kept) return kept
  const text = JSON.stringify(kept.value)
  const clean = JSON.stringify(kept.value, (_, value: unknown) => (typeof value === 'string' ? scrubbed(value) : value))
  return text === clean ? kept : { because: 'they hold a secret' }
}

/** The lease; or why none could be taken, where the operator goes on without. */
const takeOrAsk = async (holder: string, recording: Recording): Promise<Lease | Unreachable> => {
  const { session, state, prompts, say, wait, takeOver, withoutLease, line } = recording
  const { environment, ending } = session
  const host = whoAmI(process.env).host
  const dead = await deadRuns(state, host, session.lease)
  try {
    return await takeLease({
      store: session.lease,
      clock: systemClock,
      holder,
      seconds: environment.lease.seconds,
      told: { run: holder.replace(/^.*\//, ''), line },
      signal: ending.looking,
      wait,
      isDead: (record) => record.holder !== undefined && dead.has(record.holder),
      takeOver: async (record) => takeOver === holderName(record) || (await typesHolder(record, prompts, say)),
      say,
    })
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    const because = `${session.lease.name} cannot be taken: ${error.failed}${error.likely ? ` (${error.likely})` : ''}`
    if (withoutLease) {
      say(`${because}. Nobody else is kept out of what follows.`)
      return error
    }
    if (!prompts) throw refused(because, line, error)
    say(`${because}. Nobody else is kept out.`)
    if (await prompts.yes('Go on without a lease?')) return error
    throw new Declined({ code: 'declined', failed: 'Not begun without a lease', cause: 'The answer was not yes' })
  }
}

const refused = (because: string, line: ShellLine, error: Trouble): Unreachable =>
  new Unreachable(
    {
      code: 'lease-unreachable',
      failed: because,
      cause: 'Without a lease no other operator is kept out, and nobody is there to accept that',
      next: sh`${part(line)} --without-lease   # when it is certain that nobody else changes anything`,
    },
    { cause: error },
  )

/** Where nothing is left to do, the lease of a run of this machine that was killed is given back all the same, and it is said. */
export const releaseOfDead = async ({ lease }: Session, state: string, say: (text: string) => void): Promise<void> => {
  const dead = await deadRuns(state, whoAmI(process.env).host, lease)
  const record = dead.size > 0 ? await lease.read().catch(() => undefined) : undefined
  if (record?.holder === undefined || !dead.has(record.holder)) return
  if (await lease.release({ holder: record.holder, epoch: record.epoch }).catch(() => false))
    say(`${record.holder} was interrupted, and nothing of it is left to do: its lease is given back`)
}

/** Who holds the lease, where it is a process of this machine that has ended. Its journal says so. */
const deadRuns = async (state: string, host: string, store: LeaseStore): Promise<ReadonlySet<string>> => {
  const record = await store.read().catch(() => undefined)
  const run = record?.holder?.replace(/^.*\//, '')
  const found = run === undefined ? undefined : await findRun(state, host, run).catch(() => undefined)
  // Also one that was killed after its last line, and before it gave the lease back.
  const ended = found?.run === run && found?.header.who.host === host && !lives(found.header.who)
  return new Set(record?.holder !== undefined && ended ? [record.holder] : [])
}

const typesHolder = async (record: LeaseRecord, prompts: Prompts | undefined, say: (text: string) => void): Promise<boolean> => {
  if (!prompts) return false
  say(
    [
      'It holds the lease, and has stopped renewing it:',
      ...describeHolder(record, systemClock.now().getTime()).map((line) => `  ${line}`),
      '',
    ].join('\n'),
  )
  return prompts.subject(holderName(record))
}
