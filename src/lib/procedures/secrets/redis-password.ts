import { podsOf } from '../../facts/cluster/rollout.ts'
import { useOf } from '../../facts/secrets/consumers.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof, Step } from '../../plan/procedure.ts'
import { hasEnded, isLeaving, startedAt } from '../../pod-state.ts'
import { askInPod } from '../../redis-in-pod.ts'
import { digestOf } from '../../secret-digest.ts'
import { spoken } from '../../spoken.ts'
import type { Deployment } from '../../systems/kube/types.ts'
import type { Provers, Readers } from '../../systems/systems.ts'
import { same } from './how-far.ts'
import { dropFiles, inFile, keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { gatherRotation } from './rotation-facts.ts'
import type { RotationFacts } from './rotation-types.ts'
import { restarts, setInSecret } from './secret-steps.ts'
import { soaked } from './soaked.ts'

type Systems = 'checkout' | 'kube' | 'redis'
type Look = Readers<Systems>

interface RedisFacts extends RotationFacts {
  /** Logins that Redis has refused since it started. */
  readonly refused: number
  /** Its own probes log in with what its pod was started with. */
  readonly probed: Deployment | undefined
}

/** Both passwords are let in while its users change over one after another; only then the old one goes. No request has to wait or is refused. */
export const redisPassword: Kind<RedisFacts, Systems> = {
  gather: async (wish, look, context) => {
    const { namespace, redis } = context.environment
    const [facts, info, aclFile, server] = await Promise.all([
      gatherRotation({ secret: redis.secret, key: redis.passwordKey, servers: [redis.deployment] }, wish, look, context),
      look.redis.info(),
      look.redis.setting('aclfile'),
      look.kube.get('Deployment', redis.deployment, namespace),
    ])
    const strange = await look.redis.strangePasswords([facts.next, ...(facts.old ? [facts.old] : [])])
    return {
      ...facts,
      refused: info.refused['WRONGPASS'] ?? 0,
      probed: server && probesLogIn(server, facts) ? server : undefined,
      against: every([
        facts.against,
        when(!info.open, 'Redis wants no password at all', 'honeydue cache:status'),
        when(info.role === 'master', `this Redis is a ${info.role}, not the primary`, askInPod('role')),
        when(!aclFile, `Redis has its users in ${aclFile}: whoever keeps that file changes the password there`, askInPod('acl list')),
        when(
          strange === 0,
          `Redis accepts ${strange} other passwords beside it, which would end with the old one`,
          askInPod('acl getuser default'),
        ),
      ]),
    }
  },
  target: () => [],
  beyond: ({ keepOld }) => [
    'Redis itself is not restarted: its pod keeps the old password in its environment until it is, and only kubectl exec uses that',
    'A Redis that starts again by itself knows what the Secret has then, and nothing else: the same command goes on from there',
    ...(keepOld ? ['The old password stays valid, and in a file beside the source, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    keepBoth(facts),
    acceptBoth(facts),
    placeInSource(facts),
    setInSecret(facts),
    ...restarts(facts),
    makeOwn(facts),
    noneRefused(facts),
    ...(facts.old === undefined ? [tidy(facts)] : facts.keepOld ? [] : theOldGoes(facts)),
  ],
}

const probesLogIn = ({ spec }: Deployment, { secret, key }: RotationFacts): boolean =>
  useOf(spec.template.spec, { secret: secret.name, key }) === 'env' &&
  spec.template.spec.containers.some(({ livenessProbe, readinessProbe, startupProbe }) =>
    [livenessProbe, readinessProbe, startupProbe].some((probe) => probe?.exec?.command?.join(' ').includes(key)),
  )

const acceptBoth = (facts: RedisFacts): Change<Systems> => ({
  title: 'Let Redis accept the new password beside the old one',
  effect: [{ what: "Redis' passwords", before: 'the old one', after: 'the old and the new one' }],
  check: async () => facts.against,
  apply: (write) => write.redis.addPassword(inFile(facts, 'new')),
  verify: async ({ redis }) => when(await redis.accepts(facts.next), 'Redis does not let the new password in'),
  shows: (prove) => prove.redis.accepted(inFile(facts, 'new').file, true),
  // After everybody who logs in with it has the old one again.
  undo: { last: (write) => write.redis.removePassword(inFile(facts, 'new')) },
  undone: async ({ redis }) => when(!(await redis.accepts(facts.next)), 'Redis lets the new password in still'),
})

const makeOwn = (facts: RedisFacts): Change<Systems> => ({
  title: "Make the new password the one of Redis' configuration",
  effect: [{ what: 'requirepass', before: 'the old password', after: 'the new password; the old one is accepted beside it' }],
  check: async () => facts.against,
  apply: (write) => write.redis.makeOwn({ password: inFile(facts, 'new'), beside: inFile(facts, 'old') }),
  verify: async ({ redis }) => when(same(await redis.ownPassword(), facts.next), 'requirepass is another password'),
  shows: (prove) => prove.redis.ownPassword(inFile(facts, 'new').file),
  undo: (write) => write.redis.makeOwn({ password: inFile(facts, 'old'), beside: inFile(facts, 'new') }),
  undone: async ({ redis }) => when(same(await redis.ownPassword(), facts.old), 'requirepass is not the old password'),
})

/** Somebody who was not restarted, or is not known here, would be turned away. */
const noRefusal = async ({ refused }: RedisFacts, { redis }: Look): Promise<Finding> => {
  const now = (await redis.info()).refused['WRONGPASS'] ?? 0
  // It counts from its start: fewer are those of another one.
  return when(now <= refused, `Redis has refused ${now - refused} logins since this began`, askInPod('acl log'))
}

const noneRefused = (facts: RedisFacts): Proof<Systems> => ({
  title: 'Redis has refused no login since',
  holds: (look) => noRefusal(facts, look),
  shows: (prove) => shownAccepted(facts, prove),
})

const shownAccepted = (facts: RedisFacts, { redis }: Provers<'redis'>) => redis.accepted(inFile(facts, 'new').file, true)

/** The end of the old one: it is typed after the soak, and nothing takes it back. */
const theOldGoes = (facts: RedisFacts): readonly Step<Systems>[] => {
  const { key, soak, old, probed } = facts
  const { drop, dropped } = dropFiles(facts)
  const refused = async ({ redis }: Look): Promise<Finding> =>
    when(old !== undefined && !(await redis.accepts(old)), 'Redis lets the old password in still')
  return [
    ...(probed ? [restartedServer(facts, probed)] : []),
    soaked<Systems>(facts, {
      title: `Both are accepted for ${spoken(soak)}, and no login is refused`,
      holds: (look) => noRefusal(facts, look),
      shows: (prove) => shownAccepted(facts, prove),
    }),
    {
      title: 'Type the name, for the old password to go',
      ask: `The soak of ${spoken(soak)} is over. Whoever still has the old ${key} is turned away from then on.`,
      typed: true,
      needless: refused,
    },
    {
      title: 'Let Redis accept the old password no longer',
      effect: [{ what: "Redis' passwords", before: 'the old and the new one', after: 'the new one' }],
      check: async () => facts.against,
      apply: async (write) => {
        await write.redis.removePassword(inFile(facts, 'old'))
        await drop(write)
      },
      verify: async (look) => {
        const [gone, there, files] = await Promise.all([refused(look), look.redis.accepts(facts.next), dropped(look)])
        return every([gone, when(there, 'Redis does not let the new password in'), files])
      },
      shows: (prove) => prove.checkout.dropped({ base: facts.base }),
      undo: { impossible: 'nobody has the old password any more' },
    },
  ]
}

/** A probe that is refused would have Redis killed, in the middle of the day: it is started with the new one at an hour that somebody chooses. */
const restartedServer = ({ namespace, secret, key, next }: RedisFacts, server: Deployment): Gate<Systems> => ({
  title: 'Restart Redis, whose own probe logs in with the old one',
  ask: `Its probe uses $${key} of its pod, which is the old one until Redis is restarted; requests fail while it is. At a quiet hour: honeydue deploy:restart ${server.metadata.name}. Has it been restarted?`,
  needless: async ({ kube }) => {
    const found = (await kube.secrets(namespace)).find(({ name }) => name === secret.name)?.keys.find(({ name }) => name === key)
    const since = found?.digest === digestOf(next.reveal()) ? found.writtenAt?.toISOString() : undefined
    const pods = (await kube.pods(podsOf(server))).filter((pod) => !hasEnded(pod) && !isLeaving(pod))
    return since !== undefined && pods.length > 0 && pods.every((pod) => startedAt(pod) >= since)
      ? { ok: true }
      : fails('Redis began before the Secret was changed')
  },
})
