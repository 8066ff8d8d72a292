import { Moved } from '../../errors.ts'
import { noneLeft, podsOf, rolledOut, rolloutPatience, surges, watchingRollout } from '../../facts/cluster/rollout.ts'
import type { Consumer } from '../../facts/config/consumers.ts'
import { keySaid, lastSet } from '../../facts/config/last-set.ts'
import { type Finding, fails } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { startedAt } from '../../pod-state.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Stopping, start, stop, stopAgain } from '../deploy/stop-and-start.ts'

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
  const { namespace } = facts
  const { name } = deployment.metadata
  const one: Stopping = {
    namespace,
    name,
    deployment,
    replicas,
    before: 'started before the change',
    check: async () => facts.may,
    none: async (look) => {
      const since = await facts.since(look)
      return typeof since === 'string' ? noneLeft(await look.kube.pods(podsOf(deployment)), since) : since
    },
  }
  const started = (since: Renewal['since']) => (look: Readers<'kube'>) => startedWith(since, { namespace, name, replicas }, look)
  return [
    stop(one),
    start(one, {
      after: `${replicas}, started with ${facts.with}`,
      runs: started(facts.since),
      undo: { afterwards: (write, look) => stopAgain(write, look, one) },
      undone: started(facts.sinceBack),
    }),
  ]
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
