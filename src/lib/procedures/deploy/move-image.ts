import { isDeepStrictEqual } from 'node:util'
import { counted } from '../../counted.ts'
import { podsOf, rolledOut, rolloutPatience, watchingRollout } from '../../facts/cluster/rollout.ts'
import { digestIn, mainContainer, shortDigest } from '../../facts/deploy/release.ts'
import type { Workload } from '../../facts/deploy/workload.ts'
import { type Finding, fails, holds, hopeless, when } from '../../plan/finding.ts'
import type { Change, Proof, Step } from '../../plan/procedure.ts'
import { hasEnded, isLeaving } from '../../pod-state.ts'
import type { Deployment, Pod } from '../../systems/kube/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'
import { noneIsLeft, type Stopping, start, stop } from './stop-and-start.ts'

/** One workload that is to run another image. */
export interface Move extends Omit<Workload, 'cluster'> {
  readonly from: string
  readonly to: string
  /** What the registry has for `to`; undefined where it did not say. */
  readonly digest: string | undefined
  /** Where the whole template of a revision is brought back, and not the image alone. */
  readonly template?: TemplateMove
}

/** From one pod template to another, and the hashes by which pods of each are known. */
export interface TemplateMove {
  readonly from: PodTemplate
  readonly to: PodTemplate
  readonly fromHash: string | undefined
  readonly toHash: string | undefined
  /** "revision 3 (12b2f9d)". */
  readonly label: string
}

type PodTemplate = Deployment['spec']['template']

type Look = Readers<'kube'>

/** `12b2f9d`, or with a digest `12b2f9d@sha256:cf41…`: an image without what all of a workload's have in common. */
export const versionOf = (image: string): string => {
  const version = image.slice(Math.max(image.lastIndexOf('/'), 0)).replace(/^[^:@]*[:@]/, '')
  return version.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1')
}

const imageOf = (pod: Pod, name: string): string | undefined => mainContainer(name, pod.spec.containers)?.image

/** Whether there is nothing to set. */
export const isThere = ({ from, to, template }: Move): boolean =>
  template === undefined ? from === to : sameTemplate(template.from, template.to)

/** Whether they say the same, in whatever order. */
export const sameTemplate = (one: object, other: object): boolean => isDeepStrictEqual(one, other)

const labelOf = ({ to, template }: Move): string => template?.label ?? versionOf(to)

/** Whether a pod, or the Deployment itself, is of what the move comes to, or from. */
const isPodOf = ({ name, from, to, template }: Move, which: 'from' | 'to', pod: Pod): boolean => {
  const hash = which === 'to' ? template?.toHash : template?.fromHash
  return hash === undefined ? imageOf(pod, name) === (which === 'to' ? to : from) : pod.metadata.labels?.['pod-template-hash'] === hash
}

const isSetTo = ({ name, from, to, template }: Move, which: 'from' | 'to', { spec }: Deployment): boolean =>
  template === undefined
    ? mainContainer(name, spec.template.spec.containers)?.image === (which === 'to' ? to : from)
    : sameTemplate(spec.template, template[which])

const set = ({ namespace, name, deployment, from, to, template }: Move, write: Writers<'kube'>, back: boolean): Promise<void> => {
  if (template !== undefined)
    return write.kube.setTemplate({
      namespace,
      name,
      ...(back ? { from: template.to, to: template.from } : { from: template.from, to: template.to }),
    })
  const places = placesOf(deployment, from)
  return write.kube.setImage({ namespace, name, places, ...(back ? { from: to, to: from } : { from, to }) })
}

/** The steps for one workload: replaced as its strategy has it, and one that must not run twice stopped before it is started. */
export const moveSteps = (move: Move, check: () => Promise<Finding>): readonly Step<'kube'>[] => {
  if (isThere(move) && (move.replicas > 0 || move.noted === undefined)) return [runs(move)]
  return move.singleton && (move.replicas > 0 || move.noted !== undefined) ? stopAndStart(move, check) : [replace(move, check)]
}

/** Every pod is ready and of what it comes to, or back to; what nodes have of another content under the same name is no matter of waiting. */
const runsAll = async (move: Move, which: 'from' | 'to', replicas: number, look: Look): Promise<Finding> => {
  const { namespace, name, digest } = move
  const deployment = await look.kube.get('Deployment', name, namespace)
  if (deployment && !isSetTo(move, which, deployment))
    return fails(`${name} is set to ${versionOf(mainContainer(name, deployment.spec.template.spec.containers)?.image ?? '')}`)
  if (deployment && which === 'to' && digest !== undefined)
    for (const pod of await look.kube.pods(podsOf(deployment))) {
      const { name: own } = mainContainer(name, pod.spec.containers) ?? {}
      const has = digestIn(pod.status.containerStatuses?.find((one) => one.name === own)?.imageID)
      if (isPodOf(move, 'to', pod) && !hasEnded(pod) && !isLeaving(pod) && has !== undefined && has !== digest)
        return hopeless(
          `${pod.metadata.name} on ${pod.spec.nodeName ?? 'its node'} runs ${shortDigest(has)}: the node keeps what it had under this tag`,
        )
    }
  return rolledOut(look.kube, { namespace, name, replicas }, (pod) => isPodOf(move, which, pod))
}

const runs = (move: Move): Proof<'kube'> => ({
  title: `Every pod of ${move.name} runs ${labelOf(move)}`,
  onlyAfterwards: true,
  holds: (look) => runsAll(move, 'to', move.replicas, look),
  within: rolloutPatience(move.deployment),
  watching: watchingRollout(move.deployment),
  shows: (prove) => prove.kube.rolledOut(rollout(move, move.replicas)),
})

/** A rollout of so many pods as a shell waits for it. */
const rollout = ({ namespace, name, deployment }: Move, replicas: number) => ({
  namespace,
  name,
  replicas,
  within: rolloutPatience(deployment),
})

const effectOf = (move: Move) => {
  const { namespace, name, from, to, template } = move
  return [
    {
      what: `Deployment ${namespace}/${name}, ${template === undefined ? 'image' : 'pod template'}`,
      before: versionOf(from),
      after: labelOf(move),
    },
    ...(template === undefined || from !== to ? [] : [{ what: `image of ${name}`, before: versionOf(from), after: 'the same' }]),
  ]
}

const replace = (move: Move, check: () => Promise<Finding>): Change<'kube'> => {
  const { name, replicas, deployment } = move
  return {
    title: `Replace the pods of ${name} by those of ${labelOf(move)}`,
    effect: effectOf(move),
    unknown: 'whether the new pods become ready',
    check,
    apply: (write) => set(move, write, false),
    verify: (look) => runsAll(move, 'to', replicas, look),
    within: rolloutPatience(deployment),
    watching: watchingRollout(deployment),
    shows: (prove) => prove.kube.rolledOut(rollout(move, replicas)),
    undo: (write) => set(move, write, true),
    undone: (look) => runsAll(move, 'from', replicas, look),
  }
}

/** Its scheduler enqueues every job once for each pod: two at a time, whatever its strategy says, is what must not be. */
const stopAndStart = (move: Move, check: () => Promise<Finding>): readonly Step<'kube'>[] => {
  const { namespace, name, from, replicas: now, noted, deployment } = move
  const replicas = now || (noted ?? 1)
  const one: Stopping = {
    namespace,
    name,
    deployment,
    replicas,
    before: versionOf(from),
    check,
    none: async (look) => noneBut(await look.kube.pods(podsOf(deployment)), move),
  }
  const setAnew: Change<'kube'> = {
    title: `Set ${name} to ${labelOf(move)}`,
    effect: effectOf(move),
    check,
    apply: (write) => set(move, write, false),
    verify: (look) => isSet(move, 'to', look),
    undo: (write) => set(move, write, true),
    undone: (look) => isSet(move, 'from', look),
  }
  const started = start(one, {
    after: `${replicas} of ${labelOf(move)}`,
    unknown: 'whether the new pod becomes ready',
    runs: (look) => runsAll(move, 'to', replicas, look),
    undo: (write) => write.kube.scale({ namespace, name, from: replicas, to: 0 }),
    undone: async (look) => {
      const pods = (await look.kube.pods(podsOf(deployment))).filter((pod) => !hasEnded(pod))
      return when(pods.length === 0, `${counted(pods.length, `pod of ${name} is`, `pods of ${name} are`)} left`)
    },
  })
  const stopped = now > 0 ? stop(one, { undone: (look) => runsAll(move, 'from', replicas, look) }) : noneIsLeft(one)
  return [stopped, ...(isThere(move) ? [] : [setAnew]), started]
}

const isSet = async (move: Move, which: 'from' | 'to', look: Look): Promise<Finding> => {
  const now = await look.kube.get('Deployment', move.name, move.namespace)
  return when(
    now !== undefined && isSetTo(move, which, now),
    `${move.name} is set to ${versionOf(mainContainer(move.name, now?.spec.template.spec.containers ?? [])?.image ?? '')}`,
  )
}

const noneBut = (pods: readonly Pod[], move: Move): Finding => {
  const others = pods.filter((pod) => !hasEnded(pod) && !isPodOf(move, 'to', pod))
  const [first] = others
  return first === undefined ? holds : fails(`${others.length} of them ${others.length === 1 ? 'is' : 'are'} left: ${first.metadata.name}`)
}

/** Every container of the former image, as a JSON Pointer: an init container of it goes along. */
const placesOf = ({ spec: { template } }: Deployment, image: string): readonly string[] =>
  (['containers', 'initContainers'] as const).flatMap((list) =>
    (template.spec[list] ?? []).flatMap((one, i) => (one.image === image ? [`/spec/template/spec/${list}/${i}/image`] : [])),
  )
