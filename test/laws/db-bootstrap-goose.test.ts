import { bootstrapGoose } from '../../src/lib/procedures/db/bootstrap-goose.ts'
import { migrationWorlds, nextImage } from '../support/migration-worlds.ts'
import { laws } from './laws.ts'
import { migrationSubject } from './migration-subject.ts'

const { sandbox, subject } = migrationSubject()
const input = { image: nextImage }
const unmarked = () => migrationWorlds['a table without versions'](sandbox())

laws(bootstrapGoose, subject, [
  { name: 'a table without versions', input, arrange: unmarked, meets: 'work' },
  { name: 'goose keeps the schema', input: { image: undefined }, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'a schema that the baseline does not build',
    input,
    arrange: async () => {
      await unmarked()
      await sandbox().postgres.query('ALTER TABLE tasks ADD COLUMN stray text')
    },
    refused: /column tasks\.stray is in the database alone/,
  },
])
