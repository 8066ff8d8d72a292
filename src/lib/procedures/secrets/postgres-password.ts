import { minutes } from '../../clock.ts'
import { rolledOut, rolloutPatience, watchingRollout } from '../../facts/cluster/rollout.ts'
import type { Consumer } from '../../facts/config/consumers.ts'
import { every, type Finding, holds, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { startedAt } from '../../pod-state.ts'
import type { Secret } from '../../secret.ts'
import type { Application, PostgresTarget } from '../../systems/postgres/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'
import { dropBoth, inFile, keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { gatherRotation } from './rotation-facts.ts'
import type { RotationFacts } from './rotation-types.ts'
import { restarts, setInSecret } from './secret-steps.ts'

type Systems = 'checkout' | 'kube' | 'postgres'

interface PostgresFacts extends RotationFacts {
  readonly application: Application
}

/**
 * A role has one password: whoever opens a connection after the change has the new one or is turned away, and connections that stand go on. So the pools
 * are filled first, with connections that outlast the change; then the role and the Secret change within a second, and the pods one after another.
 */
export const postgresPassword: Kind<PostgresFacts, Systems> = {
  gather: async (wish, look, context) => {
    const { secret } = context.environment.database
    const [facts, application] = await Promise.all([
      gatherRotation({ secret, key: 'POSTGRES_PASSWORD', servers: [], early: true }, wish, look, context),
      look.postgres.application(),
    ])
    const { next, old, made } = facts
    const { direct, pooler } = application
    const [ofNext, ofOld] = await Promise.all([!made && letsIn(look, direct, next), old !== undefined && letsIn(look, direct, old)])
    const [good] = [...(ofNext ? [next] : []), ...(ofOld && old ? [old] : [])]
    const [written, pooled] = await Promise.all([
      ofNext || !good ? [] : look.postgres.writesDown({ ...direct, password: good }),
      good && letsIn(look, pooler, good),
    ])
    return {
      ...facts,
      application,
      against: every([
        facts.against,
        when(good !== undefined, `${direct.host} lets ${direct.user} in with neither the old nor the new password: somebody changed it`),
        when(
          good === undefined || pooled === true,
          `${pooler.host} does not let ${pooler.user} in with the password that ${direct.host} takes`,
        ),
        when(written.length === 0, `the server would write the new password down: ${written.join(', ')}`),
      ]),
    }
  },
  target: ({ application: { direct } }) => [`role ${direct.user} of database ${direct.database} on ${direct.host}`],
  beyond: ({ old, consumers, keepOld }) => [
    'Until its pods are restarted, a workload can open no further connection: what it has open must do',
    ...consumers
      .filter(isSingle)
      .map(({ deployment }) => `${deployment.metadata.name} is restarted once only: a job that fails meanwhile is tried again`),
    'Connections that were opened with the old password stay open: those of pods end with their restart, those of others when they close them',
    ...(old === undefined
      ? []
      : ['Whoever else logs in with the old one (psql, a dashboard, another machine) is turned away from then on']),
    ...(keepOld ? ['The old value stays in a file beside the source, until the same command is run without --keep-old'] : []),
    'There is no soak: PostgreSQL has one password for a role, and no server takes both',
  ],
  steps: (facts) => {
    const consumers = facts.consumers.filter(({ replicas }) => replicas > 0)
    return [
      keepBoth(facts),
      ...consumers.filter((one) => !isSingle(one)).map((consumer) => fillPool(facts, consumer)),
      ...(facts.keepOld ? [] : [theOldEnds(facts)]),
      changeRole(facts),
      placeInSource(facts),
      inSecret(facts),
      ...restarts(facts),
      oldIsRefused(facts),
      ...(facts.old === undefined
        ? [tidy(facts)]
        : facts.keepOld
          ? []
          : [dropBoth<'postgres'>(facts, (look) => isChanged(facts, look), 'nobody has the old password any more')]),
    ]
  },
}

/** One that is stopped before it starts serves nobody meanwhile: a second restart would cost more than it saves. */
const isSingle = ({ singleton }: Consumer): boolean => singleton

/**
 * Whether a new login is let in there. Throws where nobody answers, or for another reason. PgBouncer itself has one code for all that it refuses: where
 * it lets another password in at the same time, it was the password.
 */
const letsIn = async ({ postgres }: Readers<'postgres'>, target: PostgresTarget, password: Secret, other?: Secret): Promise<boolean> => {
  const found = await postgres.endpoint({ ...target, password })
  if (found.reachable) return true
  const { code } = found.trouble
  if (code === 'postgres-password') return false
  if (code === 'postgres-login-refused' && other && (await postgres.endpoint({ ...target, password: other })).reachable) return false
  throw found.trouble
}

/** Both endpoints let one of the two in, or turn it away. */
const everywhere = async (
  { application, next, old }: PostgresFacts,
  which: 'new' | 'old',
  wanted: boolean,
  look: Readers<'postgres'>,
): Promise<Finding> => {
  const targets = [application.direct, application.pooler]
  const [asked, other] = which === 'new' ? [next, old] : [old ?? next, next]
  const found = await Promise.all(targets.map((target) => letsIn(look, target, asked, other)))
  const but = wanted ? `does not let the ${which} password in` : `lets the ${which} password in still`
  return every(targets.map(({ host }, i) => when(found[i] === wanted, `${host} ${but}`)))
}

/** ch08: each pod opens 20 connections at its start (database.Connect), keeps as many idle ones, and each for 30 min (MaxLifetime). */
const pool = { connections: 20, life: minutes(30), young: minutes(10) }

/** A pool that is as old as its life has few connections left, and would have to open one in the middle of the change. */
const fillPool = (facts: PostgresFacts, { deployment, replicas }: Consumer): Change<Systems> => {
  const { name } = deployment.metadata
  const target = { namespace: facts.namespace, name, replicas }
  return {
    title: `Restart ${name}, so that its pool outlasts the change`,
    effect: [
      {
        what: `pools of ${name}, ${replicas}`,
        before: `connections that end when they are ${pool.life / minutes(1)} min old`,
        after: `${pool.connections} new ones each`,
      },
    ],
    check: async () => facts.against,
    apply: (write) => write.kube.restart(target),
    verify: async (look) => {
      const since = new Date(facts.clock.now().getTime() - pool.young).toISOString()
      const young = await rolledOut(look.kube, target, (pod) => startedAt(pod) >= since)
      // Once the role has the new one, no pool has to last, and a pod that is started before the Secret has it does not come up.
      return young.ok || !(await letsIn(look, facts.application.direct, facts.next)) ? young : holds
    },
    within: rolloutPatience(deployment),
    watching: watchingRollout(deployment),
    shows: (prove) => prove.kube.rolledOut({ ...target, within: rolloutPatience(deployment) }),
    // The new pods have the same values: there is nothing to put back.
    undo: async () => {},
    undone: async () => holds,
  }
}

const isChanged = (facts: PostgresFacts, look: Readers<'postgres'>): Promise<Finding> => everywhere(facts, 'new', true, look)

const theOldEnds = (facts: PostgresFacts): Gate<Systems> => ({
  title: 'Type the name, for the old password to end',
  ask: `From then on, whoever opens a connection with the old ${facts.key} is turned away. Pods go on with what they have open, and are restarted at once.`,
  typed: true,
  needless: (look) => isChanged(facts, look),
})

const changeRole = (facts: PostgresFacts): Change<Systems> => {
  const { direct } = facts.application
  return {
    title: `Give ${direct.user} the new password`,
    effect: [{ what: `password of ${direct.user}`, before: 'the old one', after: 'the new one, at both endpoints' }],
    check: async () => facts.against,
    apply: (write) => write.postgres.setPassword(direct, { as: inFile(facts, 'old'), next: inFile(facts, 'new') }),
    // Through the pooler too: what it opens from then on, it opens with the password of the last login.
    verify: (look) => isChanged(facts, look),
    within: minutes(2),
    shows: (prove) =>
      both(
        prove.postgres.letsIn(direct, inFile(facts, 'new').file),
        prove.postgres.letsIn(facts.application.pooler, inFile(facts, 'new').file),
      ),
    undo: (write, look) => giveBack(facts, write, look),
    undone: (look) => everywhere(facts, 'old', true, look),
  }
}

/** The role has the old one again, whichever run gave it the new one. */
const giveBack = async (facts: PostgresFacts, write: Writers<'postgres'>, look: Readers<'postgres'>): Promise<void> => {
  const { direct } = facts.application
  if (facts.old && (await letsIn(look, direct, facts.old))) return
  await write.postgres.setPassword(direct, { as: inFile(facts, 'new'), next: inFile(facts, 'old') })
}

/** A run that goes on after another has not changed the role itself: with the old value in the Secret, no pod could start. */
const inSecret = (facts: PostgresFacts): Change<Systems> => {
  const step = setInSecret(facts)
  const { undo } = step
  if (typeof undo !== 'function') return step
  return {
    ...step,
    undo: async (write, look, signal) => {
      await undo(write, look, signal)
      await giveBack(facts, write, look)
    },
  }
}

/** A pooler, or whatever stands before the server, may keep what it has once looked up. */
const oldIsRefused = (facts: PostgresFacts): Proof<Systems> => {
  const { old, application } = facts
  const files = { old: inFile(facts, 'old').file, new: inFile(facts, 'new').file }
  return {
    title: 'Both endpoints let the new password in, and no old one',
    onlyAfterwards: true,
    holds: async (look) => {
      const now = await isChanged(facts, look)
      return now.ok && old !== undefined ? everywhere(facts, 'old', false, look) : now
    },
    within: minutes(5),
    shows: (prove) => both(prove.postgres.turnsAway(application.direct, files), prove.postgres.turnsAway(application.pooler, files)),
  }
}
