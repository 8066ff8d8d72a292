import { minutes } from '../../clock.ts'
import { Moved } from '../../errors.ts'
import { noneLeft, podsOf, rolledOut, rolloutPatience, surges, watchingRollout } from '../../facts/cluster/rollout.ts'
import type { Consumer } from '../../facts/config/consumers.ts'
import { keySaid, lastSet } from '../../facts/config/last-set.ts'
import { type Finding, fails, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { startedAt } from '../../pod-state.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'

/** A key of the ConfigMap as a run changes it, for the workloads that read it. */
export interface NewValue {
  readonly namespace: string
  readonly configMap: string
  readonly key: string
  /** What it was; undefined where it was not there. */
  readonly present: string | undefined
  readonly target: string
  /** Of the ConfigMap as it was read: what has another one was written since. */
  readonly version: string
  /** What pods are to have started with: "the direct endpoint". */
  readonly with: string
  /** Whether anything may begin. */
  readonly may: Finding
  /** Where somebody else has set it meanwhile. */
  readonly moved: { readonly code: string; readonly next: string }
}

/** A value that pods get when they start, wherever it stands. */
export interface Renewal {
  readonly namespace: string
  /** What pods are to have started with: "the new REDIS_PASSWORD". */
  readonly with: string
  /** Whether anything may begin. */
  readonly may: Finding
  /** Since when it is as it is to be (RFC 3339); a finding where it is not. */
  readonly since: (look: Readers<'kube'>) => Promise<string | Finding>
  /** The same of what it was before, once that is back. */
  readonly sinceBack: (look: Readers<'kube'>) => Promise<string | Finding>
}

/** Every pod of a workload starts with the value that the ConfigMap names; one that must not run twice is stopped first. */
export const restartConsumer = (facts: NewValue, consumer: Consumer): readonly Change<'kube'>[] => {
  const { namespace, configMap, key, present, moved } = facts
  const before = { namespace, configMap, key, target: present, moved }
  return renew({ ...facts, since: (look) => changedAt(facts, look), sinceBack: (look) => changedAt(before, look) }, consumer)
}

/** The same for any value. */
export const renew = (facts: Renewal, consumer: Consumer): readonly Change<'kube'>[] =>
  consumer.singleton && surges(consumer.deployment) ? stopAndStart(facts, consumer) : [restart(facts, consumer)]

const restart = (facts: Renewal, { deployment, replicas }: Consumer): Change<'kube'> => {
  const target = { namespace: facts.namespace, name: deployment.metadata.name }
  return {
    title: `Restart ${target.name}`,
    effect: [{ what: `pods of ${target.name}, ${replicas}`, before: 'started before the change', after: `started with ${facts.with}` }],
    check: async () => facts.may,
    apply: (write) => write.kube.restart(target),
    verify: (look) => startedWith(facts.since, { ...target, replicas }, look),
    within: rolloutPatience(deployment),
    watching: watchingRollout(deployment),
    shows: (prove) => prove.kube.rolledOut({ ...target, replicas, within: rolloutPatience(deployment) }),
    undo: { afterwards: (write) => write.kube.restart(target) },
    undone: (look) => startedWith(facts.sinceBack, { ...target, replicas }, look),
  }
}

const stopAndStart = (facts: Renewal, { deployment, replicas }: Consumer): readonly Change<'kube'>[] => {
  const target = { namespace: facts.namespace, name: deployment.metadata.name }
  const pods = podsOf(deployment)
  const down = { ...target, from: replicas, to: 0 }
  const up = { ...target, from: 0, to: replicas }
  return [
    {
      title: `Stop ${target.name}: its strategy would run two at once`,
      effect: [{ what: `pods of ${target.name}`, before: 'started before the change', after: 'none of them is left' }],
      check: async () => facts.may,
      apply: (write) => write.kube.scale(down),
      verify: async (look) => {
        const since = await facts.since(look)
        if (typeof since !== 'string') return since
        return noneLeft(await look.kube.pods(pods), since)
      },
      within: minutes(2),
      watching: watchingRollout(deployment),
      shows: (prove) => prove.kube.noPods({ ...pods, within: minutes(2) }),
      undo: { afterwards: async (write, look) => startAgain(write, look, up) },
      undone: async (look) => {
        const { spec } = (await look.kube.get('Deployment', target.name, target.namespace)) ?? {}
        return when(spec?.replicas === replicas, `${target.name} is to have ${spec?.replicas ?? 'no'} pods`)
      },
    },
    {
      title: `Start ${target.name}`,
      effect: [{ what: `pods of ${target.name}`, before: 'none', after: `${replicas}, started with ${facts.with}` }],
      apply: (write) => write.kube.scale(up),
      verify: (look) => startedWith(facts.since, { ...target, replicas }, look),
      within: rolloutPatience(deployment),
      watching: watchingRollout(deployment),
      shows: (prove) => prove.kube.rolledOut({ ...target, replicas, within: rolloutPatience(deployment) }),
      undo: {
        afterwards: async (write, look) => {
          await write.kube.scale(down)
          await look.kube.gone(pods, minutes(2))
          await startAgain(write, look, up)
        },
      },
      undone: (look) => startedWith(facts.sinceBack, { ...target, replicas }, look),
    },
  ]
}

const startAgain = async (
  write: Writers<'kube'>,
  look: Readers<'kube'>,
  up: { readonly namespace: string; readonly name: string; readonly from: number; readonly to: number },
): Promise<void> => {
  const now = await look.kube.get('Deployment', up.name, up.namespace)
  if (now?.spec.replicas === 0) await write.kube.scale(up)
}

interface Named {
  readonly namespace: string
  readonly configMap: string
  readonly key: string
  /** Undefined where the key is not to be there. */
  readonly target: string | undefined
  /** The ConfigMap as the plan was made on it; what has another value in another version was changed by somebody else. */
  readonly version?: string
  readonly moved: NewValue['moved']
}

/** Since when the ConfigMap has this value; a finding where it has not. Throws Moved where it had, and somebody else has set it again. */
const changedAt = async (
  { namespace, configMap, key, target, version, moved }: Named,
  look: Readers<'kube'>,
): Promise<string | Finding> => {
  const found = await look.kube.get('ConfigMap', configMap, namespace)
  const value = found?.data?.[key]
  if (found && value === target) return lastSet(found, key)?.at ?? found.metadata.creationTimestamp ?? ''
  if (version === undefined || found?.metadata.resourceVersion === version) return fails(`${key} is ${value ?? 'not set'}`)
  throw new Moved({
    ...moved,
    failed: keySaid(found, key),
    cause: `Somebody else, or a deploy, changed ${configMap} while this run was about to use ${target}`,
    details: [`- ConfigMap ${namespace}/${configMap}, ${key}: ${target}`, `+ ${keySaid(found, key)}`],
  })
}

/** Every pod started after the value came to be what it is: it got that. */
const startedWith = async (
  changed: Renewal['since'],
  target: { readonly namespace: string; readonly name: string; readonly replicas: number },
  look: Readers<'kube'>,
): Promise<Finding> => {
  const since = await changed(look)
  return typeof since === 'string' ? rolledOut(look.kube, target, (pod: Pod) => startedAt(pod) >= since) : since
}
