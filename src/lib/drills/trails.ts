import { Client } from 'pg'
import { nodes } from '../sandbox/deployment/facts.ts'
import { evictedPods, oneOf } from './breaks.ts'
import type { World } from './drill.ts'

/** Something that looks guilty and is not. Whoever touches it loses nothing but time. */
export interface Trail {
  /** Said beside what is heard. */
  readonly heard: string
  /** Why it was nothing; told when it is over. */
  readonly innocent: string
  readonly plant: (world: World) => void | Promise<void>
  /** Drills in which it would not be innocent, or not be told apart. */
  readonly not?: readonly string[]
}

const all: readonly Trail[] = [
  {
    heard: 'A colleague adds: "One of the machines has wanted a reboot for days. Is it that?"',
    innocent: 'A reboot that is due harms nothing until it is made: it was for updates that wait for it.',
    plant: (world) => world.sandbox.nodes.node(oneOf(world, nodes).alias).state.setRebootRequired(true),
  },
  {
    heard: 'A colleague adds: "kubectl lists pods of api that were evicted. Maybe that is where it comes from."',
    innocent: 'Pods that were evicted are leftovers: their Deployment made others at once.',
    plant: ({ sandbox }) => void evictedPods(sandbox, 2),
    not: ['pods-evicted', 'disk-full'],
  },
  {
    heard: 'A colleague adds: "I left a psql open on the database over lunch. Does it hold something?"',
    innocent: 'A session that is idle, and in no transaction, holds nothing.',
    plant: openSession,
  },
  {
    heard: 'Support adds: "One mail of some days ago never came either. Perhaps it is the same thing."',
    innocent: 'The archived job gave up long before: its mail server was away.',
    plant: () => {},
    not: ['jobs-that-gave-up'],
  },
]

async function openSession({ sandbox: { postgres }, signal }: World): Promise<void> {
  const { port, user, database, password, ca, directHost } = postgres
  const ssl = { ca, servername: directHost }
  const client = new Client({ host: '127.0.0.1', port, user, database, password, application_name: 'psql', ssl })
  // Somebody may end it.
  client.on('error', () => {})
  await client.connect()
  await client.query('SELECT count(*) FROM tasks')
  signal.addEventListener('abort', () => void client.end().catch(() => {}), { once: true })
}

/** The one that the drill gets. */
export const trailFor = (drill: string, random: () => number): Trail => {
  const fitting = all.filter(({ not = [] }) => !not.includes(drill))
  const [first] = fitting
  const trail = fitting[Math.floor(random() * fitting.length)] ?? first
  if (trail === undefined) throw new Error(`no false trail fits ${drill}`)
  return trail
}
