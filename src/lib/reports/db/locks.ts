import { shortAge as age } from '../../age.ts'
import { type Activity, gatherActivity, wakes } from '../../facts/db/activity.ts'
import { type Chain, chainsOf, type HeldLock, heldLocks, nextBefore } from '../../facts/db/locks.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { lockFindings, oneLine } from './lock-findings.ts'

/** Who waits for whom, and which advisory locks are held, seen through the direct host. */
export const locks = defineReport({
  id: 'db:locks',
  title: 'Show who blocks whom in the database, and who holds advisory locks',
  needs: ['postgres'],
  choices: {},
  look: async (_input, look) => {
    const activity = await gatherActivity(look.postgres)
    const chains = chainsOf(activity)
    const held = heldLocks(activity)
    const waiters = waitersOf(chains, activity)
    return {
      findings: lockFindings(activity),
      tables: [chainTable(chains), ...(waiters.length > 0 ? [waiterTable(waiters)] : []), lockTable(held)],
      notes: ['Through a pooler the holder of a lock cannot be named: the server shows who borrowed the connection last', wakes],
      data: { host: activity.host, chains, waiters, advisory: held },
    }
  },
})

interface Waiter {
  readonly pid: number
  /** The next ones before it. */
  readonly waitsFor: readonly number[]
  readonly application: string
  readonly stateAge: number
  readonly query: string
}

const waitersOf = (chains: readonly Chain[], { sessions }: Activity): readonly Waiter[] => {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const all = new Map(chains.flatMap(({ waiting }) => waiting.map((session) => [session.pid, session] as const)))
  return [...all.values()].map((session) => {
    const { pid, application, stateAge, query } = session
    return { pid, waitsFor: nextBefore(session, byPid), application, stateAge, query }
  })
}

const chainTable = (chains: readonly Chain[]): Table => ({
  title: 'Blocking chains',
  columns: ['holder', 'application', 'through', 'state', 'since', 'waiting', 'last ran'],
  rows: chains.map(({ pid, holder, others, waiting }) => [
    holder || others[0]?.kind !== 'prepared transaction' ? String(pid) : 'prepared',
    holder?.application ?? others.map(({ name }) => name).join(', '),
    holder?.via ?? others[0]?.kind ?? '',
    holder?.state ?? '',
    holder ? age(holder.stateAge) : others[0] ? age(others[0].age) : '',
    String(waiting.length),
    oneLine(holder?.query ?? others[0]?.query ?? ''),
  ]),
})

const mostRows = 40

const waiterTable = (waiters: readonly Waiter[]): Table => ({
  title: waiters.length > mostRows ? `Waiting, the first ${mostRows} of ${waiters.length}` : 'Waiting',
  columns: ['waits', 'for', 'application', 'since', 'runs'],
  rows: waiters
    .slice(0, mostRows)
    .map(({ pid, waitsFor, application, stateAge, query }) => [
      String(pid),
      waitsFor.map((one) => (one === 0 ? 'prepared' : one)).join(' '),
      application,
      age(stateAge),
      oneLine(query),
    ]),
})

const lockTable = (held: readonly HeldLock[]): Table => ({
  title: held.length > mostRows ? `Advisory locks, the first ${mostRows} of ${held.length}` : 'Advisory locks',
  columns: ['key', 'backend', 'application', 'through', 'state', 'since', 'last ran'],
  rows: held
    .slice(0, mostRows)
    .map(({ key, pid, holder, stranded }) => [
      key,
      String(pid),
      holder?.application ?? '',
      holder?.via ?? '',
      stranded ? 'stranded' : (holder?.state ?? ''),
      holder ? age(holder.stateAge) : '',
      oneLine(holder?.query ?? ''),
    ]),
})
