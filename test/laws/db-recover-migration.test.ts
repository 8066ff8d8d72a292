import { recoverMigration } from '../../src/lib/procedures/db/recover-migration.ts'
import { migrationWorlds, nextImage } from '../support/migration-worlds.ts'
import { laws } from './laws.ts'
import { migrationSubject } from './migration-subject.ts'

const { sandbox, subject } = migrationSubject()
type World = keyof typeof migrationWorlds
const world = (name: World, meets: 'work' | 'nothing to do' | RegExp, way: 'found' | 'mark' = 'found') => ({
  name,
  input: { image: nextImage, way },
  arrange: () => migrationWorlds[name](sandbox()),
  ...(meets instanceof RegExp ? { refused: meets } : { meets }),
})

// Every broken world and the way out of it stands in test/procedures/db: here are one for each kind of step.
laws(recoverMigration, subject, [
  world('a Job killed without a transaction, after its statement', 'work'),
  world('an invalid index that goose recorded', 'work'),
  world('nothing pending', 'nothing to do'),
  world('a late number', /--way mark does not fit: 000003_late\.sql came late/, 'mark'),
])
