import { counted } from '../../counted.ts'
import { optionalText, texts, toggle } from '../../plan/choice.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { refuseUserId, residenceIdsPattern } from '../../residence-ids.ts'
import { describeLife, forgotten, gatherResidenceIds, mayForget, type ResidenceIdsFacts, residenceIdsTtl } from './residence-ids-facts.ts'

/** §23: deletes what the application cached of a user's residences, so that the next request reads them anew. */
export const invalidate = defineProcedure({
  id: 'cache:invalidate',
  section: 23,
  title: 'Invalidate the residence-IDs cache of a user',
  needs: ['redis'],
  choices: {
    user: texts({
      about: 'whose cached residence IDs are stale; may be given several times',
      ask: 'Which users (their ids)?',
      not: ['all-residence-ids'],
      refuse: refuseUserId,
    }),
    'all-residence-ids': toggle({ about: 'delete the cached residence IDs of every user', not: ['user'] }),
    'at-most': optionalText({
      about: 'with --all-residence-ids: refuse when more keys than this match',
      default: '10000',
      refuse: (value) => (/^[1-9]\d{0,8}$/.test(value) ? undefined : `"${value}" is no positive whole number`),
    }),
  },
  // Every user's next request is slow after the whole family is gone; one user's is not worth a question.
  risk: (input) => (input['all-residence-ids'] ? 'irreversible' : 'routine'),
  gather: (input, look) => gatherResidenceIds(input.user, input['all-residence-ids'], Number(input['at-most'] ?? 10_000), look.redis),
  subject: (facts) => (facts.whole ? residenceIdsPattern : facts.users.join(',')),
  target: (facts) => [`Redis at ${facts.target}`],
  beyond: (facts) => [
    'Each api pod also keeps users in memory for up to 5 minutes: only time or a restart clears that',
    ...(facts.foreign > 0
      ? [
          `${counted(facts.foreign, 'key matches', 'keys match')} ${residenceIdsPattern} and ${facts.foreign === 1 ? 'names no user: it is' : 'name no user: they are'} left alone`,
        ]
      : []),
  ],
  steps: (facts) => (facts.whole ? everyUser(facts) : eachUser(facts)),
})

const refill = { impossible: 'the application fills the key from the database at the next request; there is nothing to put back' }

const eachUser = (facts: ResidenceIdsFacts): readonly Change<'redis'>[] =>
  facts.lives.map((life, i) => ({
    title: `Delete ${life.key}`,
    effect: [{ what: life.key, before: 'present', after: 'gone, or refilled since', note: describeLife(life) }],
    check: async () => mayForget(facts),
    apply: (write) => write.redis.forgetResidenceIds(facts.users.slice(i, i + 1)),
    verify: (look) => forgotten([life], look.redis),
    shows: (prove) => prove.redis.forgotten({ users: facts.users.slice(i, i + 1), ttl: residenceIdsTtl }),
    undo: refill,
  }))

/** More keys than this are deleted in ten parts by the last digit of the id: each part is progress, and a place to stop at. */
const onePart = 10_000

const everyUser = (facts: ResidenceIdsFacts): readonly Change<'redis'>[] => {
  const patterns = facts.lives.length <= onePart ? [residenceIdsPattern] : [...'0123456789'].map((digit) => residenceIdsPattern + digit)
  return patterns.map((pattern) => {
    const ending = pattern.slice(residenceIdsPattern.length)
    const lives = facts.lives.filter(({ key }) => key.endsWith(ending))
    return {
      title: `Delete every ${pattern}`,
      effect: [
        { what: pattern, before: 'present', after: 'gone, or refilled since', note: counted(lives.length, 'key'), count: lives.length },
      ],
      check: async () => mayForget(facts),
      apply: (write) =>
        write.redis.forgetAllResidenceIds(
          lives.map(({ key }) => key),
          pattern,
        ),
      verify: (look) => forgotten(lives, look.redis),
      shows: (prove) => prove.redis.forgotten({ pattern, ttl: residenceIdsTtl }),
      undo: refill,
    }
  })
}
