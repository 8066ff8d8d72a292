import { counted } from '../../counted.ts'
import { optionalText, texts, toggle } from '../../plan/choice.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { refuseUserId, residenceIdsPattern } from '../../residence-ids.ts'
import type { Family } from '../../systems/redis/types.ts'
import {
  describeLife,
  familyForgotten,
  forgotten,
  gatherResidenceIds,
  mayForget,
  type ResidenceIdsFacts,
  residenceIdsTtl,
  sizeOf,
} from './residence-ids-facts.ts'

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
  beyond: ({ family }) => [
    'Each api pod keeps users in memory for up to 5 minutes more, or to its restart',
    ...(family && family.foreign > 0
      ? [
          `${counted(family.foreign, 'key matches', 'keys match')} ${residenceIdsPattern} and ${family.foreign === 1 ? 'names no user: it is' : 'name no user: they are'} left alone`,
        ]
      : []),
  ],
  steps: (facts) => (facts.family ? everyUser(facts, facts.family) : eachUser(facts)),
})

const refill = { impossible: 'the next request fills the key anew from the database' }

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

const everyUser = (facts: ResidenceIdsFacts, family: Family): readonly Change<'redis'>[] => [
  {
    title: `Delete every ${residenceIdsPattern}`,
    effect: [
      {
        what: residenceIdsPattern,
        before: 'present',
        after: 'gone, or refilled since',
        note: family.sampled ? `${sizeOf(family)}, by ${family.sampled.looked} of ${family.sampled.of}` : sizeOf(family),
        count: family.keys,
      },
    ],
    check: async () => mayForget(facts),
    apply: (write, signal, tell) =>
      write.redis.forgetAllResidenceIds({
        ttl: residenceIdsTtl,
        most: Math.max(family.keys * 2, family.keys + 10_000),
        signal,
        seen: async (so) => tell?.(soFar(so, family.keys)),
      }),
    verify: (look) => familyForgotten(family, look.redis),
    shows: (prove) => prove.redis.forgotten({ pattern: residenceIdsPattern, ttl: residenceIdsTtl }),
    undo: refill,
  },
]

/** `412000 of 1000000 keys are gone, 390000 a second, 2 s to go`. */
const soFar = ({ gone, ms }: { readonly gone: number; readonly ms: number }, keys: number): string => {
  const rate = (gone * 1000) / Math.max(ms, 1)
  const rest = rate > 0 && keys > gone ? `, ${Math.ceil((keys - gone) / rate)} s to go` : ''
  return `${gone} of ${keys} keys are gone, ${Math.round(rate)} a second${rest}`
}
