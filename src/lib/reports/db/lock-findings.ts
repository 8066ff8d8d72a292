import { shortAge as age } from '../../age.ts'
import { counted } from '../../counted.ts'
import type { Activity } from '../../facts/db/activity.ts'
import { type Chain, chainsOf, heldLocks } from '../../facts/db/locks.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

const count = (sessions: number): string => counted(sessions, 'session')

/** The first words of what a session runs, in one line. */
export const oneLine = (query: string, most = 80): string => {
  const line = query.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

/** What is wrong with the locks of a database: what ends it at the smallest loss first. */
export const lockFindings = (activity: Activity): readonly Observation[] => {
  const held = heldLocks(activity)
  const chains = chainsOf(activity)
  const stranded = held
    .filter((lock) => lock.stranded)
    .map(
      ({ key, pid, holder }): Observation => ({
        level: 'wrong',
        text: `Advisory lock ${key} is stranded in the pooler's connection ${pid}, idle for ${age(holder?.stateAge ?? 0)}: who took it cannot be named, "${holder?.application}" only borrowed the connection last`,
        next: sh`honeydue db:unlock --pid ${pid}`,
      }),
    )
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
  return [...stranded, ...chains.flatMap(middle), ...chains.map(blocker), ...pooled, ...untold]
}

/** Whoever waits in the middle of a queue keeps those behind it waiting, and is the cheapest to end. */
const middle = ({ middle: all, freed }: Chain): readonly Observation[] => {
  const [first] = all
  if (!first) return []
  const who = all.map(({ pid, application, query }) => `${pid} (${application || 'no name'}: ${oneLine(query, 60)})`).join(', ')
  const loses = all.some(({ wrote }) => wrote)
    ? 'and rolls its own transaction back, which may have written'
    : 'and loses nothing: it has written nothing yet'
  return [
    {
      level: 'wrong',
      text: `${who} only ${all.length === 1 ? 'waits itself, and keeps' : 'wait themselves, and keep'} ${count(freed)} waiting: ending ${all.length === 1 ? 'it' : 'them'} frees ${freed === 1 ? 'that one' : 'those'}, ${loses}`,
      next: sh`honeydue db:unlock --pid ${first.pid}`,
    },
  ]
}

const blocker = (chain: Chain): Observation => {
  const { pid, holder, waiting } = chain
  const blocks = `blocks ${count(waiting.length)}, for ${age(waiting.reduce((most, { stateAge }) => Math.max(most, stateAge), 0))} at most`
  if (!holder) return noClient(chain, blocks)
  const who = `${pid} (${holder.application || 'no name'}, ${holder.state} for ${age(holder.stateAge)}, ${holder.via})`
  return { level: 'wrong', text: `${who} ${blocks}`, next: sh`honeydue db:unlock --pid ${pid}` }
}

/** Nothing that db:unlock could end: what it is, and the way that works. */
const noClient = ({ pid, others, waiting, middle: between }: Chain, blocks: string): Observation => {
  const outOfTheQueue = sh`honeydue db:unlock --pid ${(between[0] ?? waiting[0])?.pid ?? ''}`
  const [one] = others
  if (one?.kind === 'prepared transaction') {
    const names = others.map(({ name, user, database, age: old }) => `${literal(name)} of ${user} in ${database}, for ${age(old)}`)
    return {
      level: 'wrong',
      text: `Prepared transaction ${names.join('; ')} ${blocks}: no session holds it any more. Whoever prepared it says which: ${others.map(({ name }) => `ROLLBACK PREPARED ${literal(name)}; or COMMIT PREPARED ${literal(name)};`).join(' ')}`,
      next: 'honeydue db:psql --write',
    }
  }
  if (one?.kind === 'autovacuum worker')
    return {
      level: 'wrong',
      text: `Autovacuum ${pid} (${oneLine(one.query)}) ${blocks}: only the server may end it, and it has to come to its end${/wraparound/.test(one.query) ? ', or the database stops taking writes' : ''}. Take the one that waits for it out of the queue, and let it end`,
      next: outOfTheQueue,
    }
  if (one?.kind === 'client backend')
    return {
      level: 'wrong',
      text: `${pid}, a session of ${one.user} in database ${one.database} (${one.name || 'no name'}), ${blocks}: it is ended from there. Those that wait can be taken out of the queue`,
      next: outOfTheQueue,
    }
  return {
    level: 'wrong',
    text: `${one ? `${one.kind} ${pid}${one.name === '' ? '' : ` (${one.name})`}` : `Backend ${pid}, which is gone or not to be seen,`} ${blocks}: it is no client that could be ended here. Those that wait can be taken out of the queue`,
    next: one ? outOfTheQueue : 'honeydue db:locks',
  }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
