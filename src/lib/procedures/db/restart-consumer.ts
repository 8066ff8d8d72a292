import { minutes } from '../../clock.ts'
import { Moved } from '../../errors.ts'
import { noneLeft, podsOf, rolledOut, rolloutPatience, surges } from '../../facts/cluster/rollout.ts'
import { hostKey, hostSaid, lastSet } from '../../facts/db/db-host.ts'
import { type Finding, fails, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { startedAt } from '../../pod-state.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'
import { type Consumer, maySwitch, type SwitchHostFacts } from './switch-host-facts.ts'

/** Every pod of a workload starts with the host that the ConfigMap names; one that must not run twice is stopped first. */
export const restartConsumer = (facts: SwitchHostFacts, consumer: Consumer): readonly Change<'kube'>[] =>
  consumer.singleton && surges(consumer.deployment) ? stopAndStart(facts, consumer) : [restart(facts, consumer)]

const restart = (facts: SwitchHostFacts, { deployment, replicas }: Consumer): Change<'kube'> => {
  const target = { namespace: facts.namespace, name: deployment.metadata.name }
  return {
    title: `Restart ${target.name}`,
    effect: [
      { what: `pods of ${target.name}, ${replicas}`, before: 'started before the change', after: `started with the ${facts.to} endpoint` },
    ],
    check: async () => maySwitch(facts),
    apply: (write) => write.kube.restart(target),
    verify: (look) => startedWithTarget(facts, { ...target, replicas }, look),
    within: rolloutPatience(deployment),
    shows: (prove) => prove.kube.rolledOut({ ...target, replicas, within: rolloutPatience(deployment) }),
    undo: { afterwards: (write) => write.kube.restart(target) },
    undone: (look) => startedWithPresent(facts, { ...target, replicas }, look),
  }
}

const stopAndStart = (facts: SwitchHostFacts, { deployment, replicas }: Consumer): readonly Change<'kube'>[] => {
  const target = { namespace: facts.namespace, name: deployment.metadata.name }
  const pods = podsOf(deployment)
  const down = { ...target, from: replicas, to: 0 }
  const up = { ...target, from: 0, to: replicas }
  return [
    {
      title: `Stop ${target.name}: its strategy would run two at once`,
      effect: [{ what: `pods of ${target.name}`, before: 'started before the change', after: 'none of them is left' }],
      check: async () => maySwitch(facts),
      apply: (write) => write.kube.scale(down),
      verify: async (look) => {
        const since = await changedAt(facts, look)
        if (typeof since !== 'string') return since
        return noneLeft(await look.kube.pods(pods), since)
      },
      within: minutes(2),
      shows: (prove) => prove.kube.noPods({ ...pods, within: minutes(2) }),
      undo: { afterwards: async (write, look) => startAgain(write, look, up) },
      undone: async (look) => {
        const { spec } = (await look.kube.get('Deployment', target.name, target.namespace)) ?? {}
        return when(spec?.replicas === replicas, `${target.name} is to have ${spec?.replicas ?? 'no'} pods`)
      },
    },
    {
      title: `Start ${target.name}`,
      effect: [{ what: `pods of ${target.name}`, before: 'none', after: `${replicas}, started with the ${facts.to} endpoint` }],
      apply: (write) => write.kube.scale(up),
      verify: (look) => startedWithTarget(facts, { ...target, replicas }, look),
      within: rolloutPatience(deployment),
      shows: (prove) => prove.kube.rolledOut({ ...target, replicas, within: rolloutPatience(deployment) }),
      undo: {
        afterwards: async (write, look) => {
          await write.kube.scale(down)
          await look.kube.gone(pods, minutes(2))
          await startAgain(write, look, up)
        },
      },
      undone: (look) => startedWithPresent(facts, { ...target, replicas }, look),
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
  readonly target: string
  /** The ConfigMap as the plan was made on it; what names another host in another version was changed by somebody else. */
  readonly version?: string
}

/** Since when the ConfigMap names this host; a finding where it does not. Throws Moved where it did, and somebody else has set it again. */
const changedAt = async ({ namespace, configMap, target, version }: Named, look: Readers<'kube'>): Promise<string | Finding> => {
  const found = await look.kube.get('ConfigMap', configMap, namespace)
  const host = found?.data?.[hostKey]
  if (found && host === target) return lastSet(found, hostKey)?.at ?? found.metadata.creationTimestamp ?? ''
  if (version === undefined || found?.metadata.resourceVersion === version) return fails(`${hostKey} is ${host ?? 'not set'}`)
  throw new Moved({
    code: 'db-host-moved',
    failed: hostSaid(found),
    cause: `Somebody else, or a deploy, changed ${configMap} while this run was about to use ${target}`,
    details: [`- ConfigMap ${namespace}/${configMap}, ${hostKey}: ${target}`, `+ ${hostSaid(found)}`],
    next: 'honeydue db:status',
  })
}

/** Taken back: every pod started after the ConfigMap came to name again what it named before. */
const startedWithPresent = (
  { namespace, configMap, present }: SwitchHostFacts,
  target: Parameters<typeof startedWithTarget>[1],
  look: Readers<'kube'>,
): Promise<Finding> => startedWithTarget({ namespace, configMap, target: present }, target, look)

/** Every pod started after the ConfigMap came to name the target: it got the target. */
const startedWithTarget = async (
  named: Named,
  target: { readonly namespace: string; readonly name: string; readonly replicas: number },
  look: Readers<'kube'>,
): Promise<Finding> => {
  const since = await changedAt(named, look)
  return typeof since === 'string' ? rolledOut(look.kube, target, (pod: Pod) => startedAt(pod) >= since) : since
}
