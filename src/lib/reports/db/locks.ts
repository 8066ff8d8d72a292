import { type Activity, gatherActivity, wakes } from '../../facts/db/activity.ts'
import { type Chain, chainsOf, type HeldLock, heldLocks } from '../../facts/db/locks.ts'
import { defineReport, type Observation, type Table } from '../../plan/report.ts'

const age = (seconds: number): string => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`)

/** What is wrong with the locks of a database, worst first. */
export const lockFindings = (activity: Activity): readonly Observation[] => {
  const held = heldLocks(activity)
  const stranded = held
    .filter((lock) => lock.stranded)
    .map(
      ({ key, pid, holder }): Observation => ({
        level: 'wrong',
        text: `Advisory lock ${key} is stranded in the pooler's connection ${pid}, idle for ${age(holder?.stateAge ?? 0)}: who took it cannot be named, "${holder?.application}" only borrowed the connection last`,
        next: `honeydue db:unlock --pid ${pid}`,
      }),
    )
  const chains = chainsOf(activity).map(({ pid, holder, waiting }): Observation => {
    const who = holder
      ? `${pid} (${holder.application || 'no name'}, ${holder.state} for ${age(holder.stateAge)}, ${holder.via})`
      : `A prepared transaction or another database's backend ${pid}`
    const since = Math.max(...waiting.map(({ stateAge }) => stateAge))
    return {
      level: 'wrong',
      text: `${who} blocks ${waiting.length === 1 ? '1 session' : `${waiting.length} sessions`}, for ${age(since)} at most`,
      next: `honeydue db:unlock --pid ${pid}`,
    }
  })
  const pooled = held
    .filter(({ holder, stranded: gone }) => !gone && holder?.via === 'pooler')
    .map(
      ({ key, pid }): Observation => ({
        level: 'warning',
        text: `Advisory lock ${key} is held through the pooler by ${pid}: the holder shown is the last borrower`,
      }),
    )
  const untold: Observation[] =
    activity.told || held.length === 0
      ? []
      : [
          {
            level: 'warning',
            text: 'Which locks were taken through the pooler cannot be told: it does not answer, or comes from the address of direct clients',
          },
        ]
  return [...stranded, ...chains, ...pooled, ...untold]
}

/** Who waits for whom, and which advisory locks are held, seen through the direct host. */
export const locks = defineReport({
  id: 'db:locks',
  title: 'Blocking chains and advisory locks of the database',
  needs: ['postgres'],
  choices: {},
  look: async (_input, look) => {
    const activity = await gatherActivity(look.postgres)
    const chains = chainsOf(activity)
    const held = heldLocks(activity)
    return {
      findings: lockFindings(activity),
      tables: [chainTable(chains), lockTable(held)],
      notes: ['Through a pooler the holder of a lock cannot be named: the server shows who borrowed the connection last', wakes],
      data: { host: activity.host, chains, advisory: held },
    }
  },
})

const oneLine = (query: string): string => query.replace(/\s+/g, ' ').slice(0, 80)

const chainTable = (chains: readonly Chain[]): Table => ({
  title: 'Blocking chains',
  columns: ['holder', 'application', 'through', 'state', 'since', 'waiting', 'last ran'],
  rows: chains.map(({ pid, holder, waiting }) => [
    String(pid),
    holder?.application ?? '',
    holder?.via ?? '',
    holder?.state ?? '',
    holder ? age(holder.stateAge) : '',
    waiting.map((session) => session.pid).join(' '),
    oneLine(holder?.query ?? ''),
  ]),
})

const lockTable = (held: readonly HeldLock[]): Table => ({
  title: 'Advisory locks',
  columns: ['key', 'backend', 'application', 'through', 'state', 'since', 'last ran'],
  rows: held.map(({ key, pid, holder, stranded }) => [
    key,
    String(pid),
    holder?.application ?? '',
    holder?.via ?? '',
    stranded ? 'stranded' : (holder?.state ?? ''),
    holder ? age(holder.stateAge) : '',
    oneLine(holder?.query ?? ''),
  ]),
})
