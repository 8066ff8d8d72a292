import { minutes } from '../../clock.ts'
import { podsOf, rolloutPatience, watchingRollout } from '../../facts/cluster/rollout.ts'
import { type Finding, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import type { Deployment } from '../../systems/kube/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'

type Look = Readers<'kube'>

/** A workload that must not run twice: whatever its strategy says, its pods are stopped before new ones start. */
export interface Stopping {
  readonly namespace: string
  readonly name: string
  readonly deployment: Deployment
  /** How many pods it is to have in the end. */
  readonly replicas: number
  /** What its pods are now: "running". */
  readonly before: string
  readonly check: () => Promise<Finding>
  /** Whether no pod of before is left. */
  readonly none: (look: Look) => Promise<Finding>
}

/** What its pods are to be when they have started. */
export interface Starting {
  /** "3 of 12b2f9d". */
  readonly after: string
  readonly unknown?: string
  readonly runs: (look: Look) => Promise<Finding>
  readonly undo: Change<'kube'>['undo']
  readonly undone?: (look: Look) => Promise<Finding>
}

const scales = ({ namespace, name, replicas }: Stopping) => ({
  down: { namespace, name, from: replicas, to: 0 },
  up: { namespace, name, from: 0, to: replicas },
})

const waiting = ({ deployment }: Stopping): Pick<Proof<'kube'>, 'within' | 'watching' | 'shows'> => ({
  within: minutes(2),
  watching: watchingRollout(deployment),
  shows: (prove) => prove.kube.noPods({ ...podsOf(deployment), within: minutes(2) }),
})

/** Down to no pod; taken back, it has as many again as before. */
export const stop = (one: Stopping, back: { readonly undone?: (look: Look) => Promise<Finding> } = {}): Change<'kube'> => {
  return {
    title: `Stop ${one.name}: two at once would run every job twice`,
    effect: [{ what: `pods of ${one.name}`, before: one.before, after: 'none of them is left' }],
    check: one.check,
    apply: (write) => write.kube.scale(scales(one).down),
    verify: one.none,
    ...waiting(one),
    undo: { afterwards: (write, look) => startAgain(write, look, one) },
    undone:
      back.undone ??
      (async (look) => {
        const { spec } = (await look.kube.get('Deployment', one.name, one.namespace)) ?? {}
        return when(spec?.replicas === one.replicas, `${one.name} is to have ${spec?.replicas ?? 'no'} pods`)
      }),
  }
}

/** Scaled up before its controller has seen the 0, the old pod would stay: a run that stopped in between left it so. */
export const noneIsLeft = (one: Stopping): Proof<'kube'> => ({
  title: `No old pod of ${one.name} is left`,
  onlyAfterwards: true,
  holds: one.none,
  ...waiting(one),
})

/** Up from no pod to as many as it is to have. */
export const start = (one: Stopping, { after, unknown, runs, undo, undone }: Starting): Change<'kube'> => {
  const { namespace, name, deployment, replicas } = one
  const within = rolloutPatience(deployment)
  return {
    title: `Start ${name}`,
    effect: [{ what: `pods of ${name}`, before: 'none', after }],
    ...(unknown !== undefined && { unknown }),
    apply: (write) => write.kube.scale(scales(one).up),
    verify: runs,
    within,
    watching: watchingRollout(deployment),
    shows: (prove) => prove.kube.rolledOut({ namespace, name, replicas, within }),
    undo,
    ...(undone && { undone }),
  }
}

/** As many pods as it is to have, where it has none: whoever scaled it meanwhile keeps that. */
const startAgain = async (write: Writers<'kube'>, look: Look, one: Stopping): Promise<void> => {
  const now = await look.kube.get('Deployment', one.name, one.namespace)
  if (now?.spec.replicas === 0) await write.kube.scale(scales(one).up)
}

/** Stopped, and started again once no pod is left: the pods of before come up anew with what is set by then. */
export const stopAgain = async (write: Writers<'kube'>, look: Look, one: Stopping): Promise<void> => {
  await write.kube.scale(scales(one).down)
  await look.kube.gone(podsOf(one.deployment), minutes(2))
  await startAgain(write, look, one)
}
