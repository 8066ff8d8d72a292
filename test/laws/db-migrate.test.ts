import { migrate } from '../../src/lib/procedures/db/migrate.ts'
import { image } from '../../src/lib/sandbox/deployment/facts.ts'
import { migrationWorlds, nextImage } from '../support/migration-worlds.ts'
import { laws } from './laws.ts'
import { migrationSubject } from './migration-subject.ts'

const { sandbox, subject } = migrationSubject()

type World = keyof typeof migrationWorlds
const world = (name: World, meets: 'work' | 'nothing to do' | RegExp, input: { readonly image?: string } = { image: nextImage }) => ({
  name,
  input: { image: input.image, rehearse: false },
  arrange: () => migrationWorlds[name](sandbox()),
  ...(meets instanceof RegExp ? { refused: meets } : { meets }),
})

laws(migrate, subject, [
  world('two files pending', 'work'),
  world('two files pending, and the Job of the last deploy', 'work'),
  world('two files pending, and no registry', 'work'),
  world('nothing pending', 'nothing to do', {}),
  {
    ...world('two files pending', /names no commit of the checkout/, { image: image('api', 'fffffff') }),
    name: 'an image that git does not know',
  },
  world('two files pending, in an image that was never pushed', /is not in its registry: push it/),
  // The other refusals are held to their sentences in test/procedures/db: each of these worlds is built three times here.
  world('a late number', /000003_late\.sql came late: version 4 is applied/),
  world('an orphaned runner', /runs migrations, and its Job is gone/),
])
