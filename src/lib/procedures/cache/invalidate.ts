import { type Input, optionalText, texts, toggle } from '../../plan/choice.ts'
import { refuseUserId, residenceIdsPattern } from '../../systems/redis/residence-ids.ts'
import type { Readers, Writers } from '../../systems/systems.ts'
import { describeLife, forgotten, gatherResidenceIds, mayForget, type ResidenceIdsFacts } from './residence-ids-facts.ts'

const choices = {
  user: texts({
    about: 'whose cached residence IDs are stale; may be given several times',
    not: ['all-residence-ids'],
    refuse: refuseUserId,
  }),
  'all-residence-ids': toggle({ about: 'delete the cached residence IDs of every user', not: ['user'] }),
  'at-most': optionalText({
    about: 'with --all-residence-ids: refuse when more keys than this match',
    default: '10000',
    refuse: (value) => (/^[1-9]\d{0,8}$/.test(value) ? undefined : `"${value}" is no positive whole number`),
  }),
}

type Look = Readers<'redis'>
type Write = Writers<'redis'>

const refill = { impossible: 'the application fills the key from the database at the next request; there is nothing to put back' }

/** §23: deletes what the application cached of a user's residences, so that the next request reads them anew. */
export const invalidate = {
  id: 'cache:invalidate',
  section: 23,
  title: 'Invalidate the residence-IDs cache of a user',
  needs: ['redis'],
  choices,
  /** Every user's next request is slow after the whole family is gone; one user's is not worth a question. */
  risk: (input: Input<typeof choices>) => (input['all-residence-ids'] ? 'irreversible' : 'routine'),
  gather: (input: Input<typeof choices>, look: Look) =>
    gatherResidenceIds(input.user, input['all-residence-ids'], Number(input['at-most'] ?? 10_000), look.redis),
  subject: (facts: ResidenceIdsFacts) => (facts.whole ? residenceIdsPattern : facts.users.join(',')),
  /** What deleting these keys does not reach, for the end of the plan. */
  beyond: 'Each api pod also keeps users in memory for up to 5 minutes: only time or a restart clears that',
  steps: (facts: ResidenceIdsFacts) => {
    const check = async () => mayForget(facts)
    if (facts.whole) {
      return [
        {
          title: `Delete every ${residenceIdsPattern}`,
          effect: [{ what: residenceIdsPattern, before: `${facts.lives.length} keys`, after: 'gone, or refilled since' }],
          check,
          apply: (write: Write) => write.redis.forgetAllResidenceIds(facts.lives.map(({ key }) => key)),
          verify: (look: Look) => forgotten(facts.lives, look.redis),
          undo: refill,
        },
      ]
    }
    return facts.lives.map((life, i) => ({
      title: `Delete ${life.key}`,
      effect: [{ what: life.key, before: describeLife(life), after: 'gone, or refilled since' }],
      check,
      apply: (write: Write) => write.redis.forgetResidenceIds(facts.users.slice(i, i + 1)),
      verify: (look: Look) => forgotten([life], look.redis),
      undo: refill,
    }))
  },
} as const
