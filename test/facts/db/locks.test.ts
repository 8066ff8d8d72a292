import { expect, test } from 'vitest'
import type { Activity } from '../../../src/lib/facts/db/activity.ts'
import { chainsOf, nextBefore } from '../../../src/lib/facts/db/locks.ts'
import { lockFindings } from '../../../src/lib/reports/db/lock-findings.ts'
import type { OtherHolder } from '../../../src/lib/systems/postgres/types.ts'

type Seen = Activity['sessions'][number]
const session = (pid: number, blockedBy: readonly number[] = [], more: Partial<Seen> = {}): Seen => ({
  pid,
  backendStart: '2026-01-01 00:00:00',
  application: 'honeydue-api',
  user: 'neondb_owner',
  database: 'honeyDue',
  clientAddress: null,
  state: 'active',
  wait: blockedBy.length > 0 ? 'Lock: relation' : null,
  backendAge: 9,
  transactionAge: 9,
  stateAge: 9,
  query: `SELECT ${pid}`,
  blockedBy,
  wrote: false,
  snapshot: true,
  via: 'direct',
  ...more,
})
const activity = (sessions: readonly Seen[], others: readonly OtherHolder[] = []): Activity => ({
  host: 'direct',
  sessions,
  others,
  advisory: [],
  capacity: { open: 1, max: 100, reserved: 3, role: null, database: null },
  told: true,
})
const queue = (length: number, root = 1, wait = 'Lock: transactionid') =>
  Array.from({ length }, (_, i) => session(10 + i, [root, ...Array.from({ length: i }, (_, before) => 10 + before)], { wait }))
const firsts = (of: Activity) => lockFindings(of).map(({ next }) => next)

test('five hundred that wait for one: each once, in its turn', () => {
  const sessions = [session(1), ...queue(500)]
  const [chain, ...more] = chainsOf(activity(sessions))
  expect([more, chain?.pid, chain?.waiting.length, new Set(chain?.waiting.map(({ pid }) => pid)).size]).toEqual([[], 1, 500, 500])
  const byPid = new Map(sessions.map((one) => [one.pid, one]))
  expect(sessions.slice(1).map((one) => nextBefore(one, byPid))).toEqual([[1], ...Array.from({ length: 499 }, (_, i) => [10 + i])])
  expect(firsts(activity(sessions))).toEqual(['honeydue db:unlock --pid 1'])
})

test('the one in the middle: ending it frees those behind it, whatever the holder does', () => {
  const dump = session(1, [], { application: 'pg_dump', wrote: false })
  const alter = session(2, [1], { application: '', query: 'ALTER TABLE tasks ADD COLUMN x int' })
  const readers = Array.from({ length: 300 }, (_, i) => session(10 + i, [2]))
  const [chain] = chainsOf(activity([...readers, alter, dump]))
  expect([chain?.pid, chain?.waiting.length, chain?.middle.map(({ pid }) => pid), chain?.freed]).toEqual([1, 301, [2], 300])
  const [first, second] = lockFindings(activity([...readers, alter, dump]))
  expect([first?.next, second?.next]).toEqual(['honeydue db:unlock --pid 2', 'honeydue db:unlock --pid 1'])
  expect(first?.text).toContain('2 (no name: ALTER TABLE tasks ADD COLUMN x int) only waits itself, and keeps 300 sessions waiting')
  expect(first?.text).toContain('loses nothing')
  const [wrote] = lockFindings(activity([...readers, { ...alter, wrote: true }, dump]))
  expect(wrote?.text).toContain('rolls its own transaction back')
})

test.each([
  {
    kind: 'two in the middle go together',
    sessions: [session(1), session(2, [1]), session(3, [1, 2]), session(4, [2, 3])],
    middle: [2, 3],
    freed: 1,
  },
  {
    kind: 'writers behind a reader that waits',
    sessions: [session(1), session(2, [1]), session(3, [2]), session(4, [2, 3]), session(5, [2, 3, 4])],
    middle: [2],
    freed: 3,
  },
  {
    kind: 'an index build that waits for one that waits',
    sessions: [session(1), session(2, [1], { wait: 'Lock: advisory' }), session(3, [2], { wait: 'Lock: virtualxid' })],
    middle: [2],
    freed: 1,
  },
  {
    kind: 'a turn at a row is no way on',
    sessions: [session(1), session(2, [1], { wait: 'Lock: transactionid' }), session(3, [2], { wait: 'Lock: tuple' })],
    middle: [],
    freed: 0,
  },
  { kind: 'all wait for the holder', sessions: [session(1), ...queue(5)], middle: [], freed: 0 },
])('$kind', ({ sessions, middle, freed }) => {
  const [chain] = chainsOf(activity([...sessions].reverse()))
  expect([chain?.middle.map(({ pid }) => pid).sort(), chain?.freed]).toEqual([middle, freed])
})

test('two that wait for each other are told, and end nothing in a circle', () => {
  const [chain, ...more] = chainsOf(activity([session(1, [2]), session(2, [1]), session(3, [2])]))
  expect([chain?.waiting.length, more]).toEqual([2, []])
})

const other = (kind: string, more: Partial<OtherHolder> = {}): OtherHolder => ({
  pid: 9,
  kind,
  name: '',
  user: '',
  database: 'honeyDue',
  age: 60,
  query: '',
  ...more,
})
test.each([
  {
    holder: other('autovacuum worker', { query: 'autovacuum: VACUUM ANALYZE public.big (to prevent wraparound)' }),
    says: /^Autovacuum 9 \(autovacuum: VACUUM ANALYZE public.big \(to prevent wraparound\)\) blocks 2 sessions/,
    next: 'honeydue db:unlock --pid 2',
  },
  {
    holder: other('walsender', { name: 'pg_basebackup' }),
    says: /^walsender 9 \(pg_basebackup\) blocks 2/,
    next: 'honeydue db:unlock --pid 2',
  },
  {
    holder: other('client backend', { database: 'other', user: 'somebody', name: 'psql' }),
    says: /^9, a session of somebody in database other \(psql\), blocks 2/,
    next: 'honeydue db:unlock --pid 2',
  },
  {
    holder: other('prepared transaction', { pid: 0, name: "it's mine", user: 'neondb_owner' }),
    says: /^Prepared transaction 'it''s mine' of neondb_owner in honeyDue.*ROLLBACK PREPARED 'it''s mine';/,
    next: 'honeydue db:psql --write',
  },
])('a holder that is no client: $holder.kind, and a way that works', ({ holder, says, next }) => {
  const sessions = [session(2, [holder.pid]), session(3, [2])]
  const found = lockFindings(activity(sessions, [holder]))
  expect(found.at(-1)).toEqual({ level: 'wrong', text: expect.stringMatching(says), next })
  expect(firsts(activity(sessions, [holder]))[0]).toBe('honeydue db:unlock --pid 2')
})
