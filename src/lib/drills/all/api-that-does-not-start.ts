import { image } from '../../sandbox/deployment/facts.ts'
import { restart } from '../breaks.ts'
import type { Drill, World } from '../drill.ts'

const isThere = async ({ sandbox }: World): Promise<boolean> =>
  (await sandbox.postgres.query("SELECT to_regclass('public.goose_db_version') IS NOT NULL AS there"))[0]?.['there'] === true

/** A database from before goose: what is new refuses to start on it, what runs goes on. */
export const drill: Drill = {
  name: 'api-that-does-not-start',
  origin: 'The schema precondition failed: goose_db_version was missing, and api does not start without it',
  source: 'chapter 16; commits 12b2f9d, 8d9ca2e',
  heard: 'A colleague: "I put last week\'s database back, and customers are served. But a new pod of api ends as soon as it starts."',
  hints: [
    'What does the pod say before it ends? honeydue logs api --previous',
    'The program wants to know which migrations the schema has: honeydue db:migrations',
  ],
  breaks: async ({ sandbox }) => {
    await sandbox.postgres.query('DROP INDEX tasks_residence_due; DROP TABLE goose_db_version')
    restart(sandbox, 'api')
  },
  over: async (world) => [
    { what: 'The schema has its versions', because: (await isThere(world)) ? undefined : 'goose_db_version is missing' },
  ],
  page: 'db:bootstrap-goose',
  way: () => [['db:bootstrap-goose'], ['db:migrate', '--image', image('api')]],
}
