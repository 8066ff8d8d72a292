import { test } from 'vitest'
import { everyNextHolds } from '../support/every-next.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, type World, worlds } from '../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)

const sick: Readonly<Record<string, World>> = {
  'redis loading': ({ redis }) => redis.fail({ kind: 'loading' }),
  'pooler resets': ({ postgres }) => postgres.behave('pooler', { answer: 'reset' }),
}

const often = [
  'a table without versions',
  'an AutoMigrate-era deployment',
  'a Job killed without a transaction, between statements',
  'an index left invalid',
  'a lock stranded in the pooler',
  'hetzner2 drained',
  'one node down',
  'api server forbids',
]
/** With HONEYDUE_WORLDS=all, every world there is: five minutes. */
const chosen: readonly [string, World][] = Object.entries({ ...worlds, ...sick }).filter(
  ([name]) => process.env['HONEYDUE_WORLDS'] === 'all' || often.includes(name) || name in sick,
)

test.each(chosen)('every next of every report can be typed, and is not refused there: %s', async (_name, arrange) => {
  await arrange(sandbox())
  await everyNextHolds(sandbox(), systems())
})
