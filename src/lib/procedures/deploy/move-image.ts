import { minutes } from '../../clock.ts'
import { podsOf, rolledOut, rolloutPatience } from '../../facts/cluster/rollout.ts'
import { digestIn, mainContainer, shortDigest } from '../../facts/deploy/release.ts'
import { isSingleton } from '../../facts/deploy/workload.ts'
import { type Finding, fails, holds, hopeless, when } from '../../plan/finding.ts'
import type { Change, Proof, Step } from '../../plan/procedure.ts'
import { hasEnded, isLeaving } from '../../pod-state.ts'
import type { Deployment, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** One workload that is to run another image. */
export interface Move {
  readonly namespace: string
  readonly name: string
  readonly deployment: Deployment
  /** By its spec now. */
  readonly replicas: number
  /** What a run noted when it stopped the workload for a moment. */
  readonly noted: number | undefined
  readonly from: string
  readonly to: string
  /** What the registry has for `to`; undefined where it did not say. */
  readonly digest: string | undefined
}

type Look = Readers<'kube'>

/** `12b2f9d`, or with a digest `12b2f9d@sha256:cf41…`: an image without what all of a workload's have in common. */
export const versionOf = (image: string): string => {
  const version = image.slice(Math.max(image.lastIndexOf('/'), 0)).replace(/^[^:@]*[:@]/, '')
  return version.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1')
}

const imageOf = (pod: Pod, name: string): string | undefined => mainContainer(name, pod.spec.containers)?.image

/** The steps for one workload: replaced as its strategy has it, and one that must not run twice stopped before it is started. */
export const moveSteps = (move: Move, check: () => Promise<Finding>): readonly Step<'kube'>[] => {
  if (move.from === move.to && (move.replicas > 0 || move.noted === undefined)) return [runs(move)]
  return isSingleton(move.name) && (move.replicas > 0 || move.noted !== undefined) ? stopAndStart(move, check) : [replace(move, check)]
}

/** Every pod is ready and of the image; what its nodes have of another content under the same name is no matter of waiting. */
const runsImage = async (
  { namespace, name, digest }: Move,
  image: string,
  replicas: number,
  look: Look,
  sure: boolean,
): Promise<Finding> => {
  const deployment = await look.kube.get('Deployment', name, namespace)
  if (deployment && mainContainer(name, deployment.spec.template.spec.containers)?.image !== image)
    return fails(`${name} is set to ${versionOf(mainContainer(name, deployment.spec.template.spec.containers)?.image ?? '')}`)
  if (deployment && sure && digest !== undefined)
    for (const pod of await look.kube.pods(podsOf(deployment))) {
      const { name: own } = mainContainer(name, pod.spec.containers) ?? {}
      const has = digestIn(pod.status.containerStatuses?.find((one) => one.name === own)?.imageID)
      if (imageOf(pod, name) === image && !hasEnded(pod) && !isLeaving(pod) && has !== undefined && has !== digest)
        return hopeless(
          `${pod.metadata.name} on ${pod.spec.nodeName ?? 'its node'} runs ${shortDigest(has)}: the node keeps what it had under this tag`,
        )
    }
  return rolledOut(look.kube, { namespace, name, replicas }, (pod) => imageOf(pod, name) === image)
}

const runs = (move: Move): Proof<'kube'> => ({
  title: `Every pod of ${move.name} runs ${versionOf(move.to)}`,
  onlyAfterwards: true,
  holds: (look) => runsImage(move, move.to, move.replicas, look, true),
  within: rolloutPatience(move.deployment),
})

const effectOf = ({ namespace, name, from, to }: Move) => [
  { what: `Deployment ${namespace}/${name}, image`, before: versionOf(from), after: versionOf(to) },
]

const replace = (move: Move, check: () => Promise<Finding>): Change<'kube'> => {
  const { namespace, name, from, to, replicas, deployment } = move
  return {
    title: `Replace the pods of ${name} by those of ${versionOf(to)}`,
    effect: effectOf(move),
    unknown: 'whether the new pods become ready',
    check,
    apply: (write) => write.kube.setImage({ namespace, name, places: placesOf(deployment, from), from, to }),
    verify: (look) => runsImage(move, to, replicas, look, true),
    within: rolloutPatience(deployment),
    undo: (write) => write.kube.setImage({ namespace, name, places: placesOf(deployment, from), from: to, to: from }),
    undone: (look) => runsImage(move, from, replicas, look, false),
  }
}

/** Its scheduler enqueues every job once for each pod: two at a time, whatever its strategy says, is what must not be. */
const stopAndStart = (move: Move, check: () => Promise<Finding>): readonly Step<'kube'>[] => {
  const { namespace, name, from, to, replicas, noted, deployment } = move
  const many = replicas || (noted ?? 1)
  const [down, up] = [
    { namespace, name, from: many, to: 0 },
    { namespace, name, from: 0, to: many },
  ]
  const places = placesOf(deployment, from)
  const noOther = async (look: Look) => noneBut(await look.kube.pods(podsOf(deployment)), name, to)
  const stopped: Change<'kube'> = {
    title: `Stop ${name}: two at once would run every job twice`,
    effect: [{ what: `pods of ${name}`, before: versionOf(from), after: 'none of them is left' }],
    check,
    apply: (write) => write.kube.scale(down),
    verify: noOther,
    within: minutes(2),
    undo: {
      afterwards: async (write, look) => {
        const now = await look.kube.get('Deployment', name, namespace)
        if (now?.spec.replicas === 0) await write.kube.scale(up)
      },
    },
    undone: (look) => runsImage(move, from, many, look, false),
  }
  const left: Proof<'kube'> = { title: `No old pod of ${name} is left`, onlyAfterwards: true, holds: noOther, within: minutes(2) }
  const set: Change<'kube'> = {
    title: `Set ${name} to ${versionOf(to)}`,
    effect: effectOf(move),
    check,
    apply: (write) => write.kube.setImage({ namespace, name, places, from, to }),
    verify: async (look) => {
      const now = await look.kube.get('Deployment', name, namespace)
      const image = now && mainContainer(name, now.spec.template.spec.containers)?.image
      return when(image === to, `${name} is set to ${versionOf(image ?? '')}`)
    },
    undo: (write) => write.kube.setImage({ namespace, name, places, from: to, to: from }),
    undone: async (look) => {
      const now = await look.kube.get('Deployment', name, namespace)
      return when(mainContainer(name, now?.spec.template.spec.containers ?? [])?.image === from, `${name} is not set to ${versionOf(from)}`)
    },
  }
  const started: Change<'kube'> = {
    title: `Start ${name}`,
    effect: [{ what: `pods of ${name}`, before: 'none', after: `${many} of ${versionOf(to)}` }],
    unknown: 'whether the new pod becomes ready',
    apply: (write) => write.kube.scale(up),
    verify: (look) => runsImage(move, to, many, look, true),
    within: rolloutPatience(deployment),
    undo: (write) => write.kube.scale(down),
    undone: async (look) => {
      const pods = (await look.kube.pods(podsOf(deployment))).filter((pod) => !hasEnded(pod))
      return when(pods.length === 0, `${pods.length} pods of ${name} are left`)
    },
  }
  return [replicas > 0 ? stopped : left, ...(from === to ? [] : [set]), started]
}

const noneBut = (pods: readonly Pod[], name: string, image: string): Finding => {
  const others = pods.filter((pod) => !hasEnded(pod) && imageOf(pod, name) !== image)
  const [first] = others
  return first === undefined ? holds : fails(`${others.length} of them ${others.length === 1 ? 'is' : 'are'} left: ${first.metadata.name}`)
}

/** Every container of the former image, as a JSON Pointer: an init container of it goes along. */
const placesOf = ({ spec: { template } }: Deployment, image: string): readonly string[] =>
  (['containers', 'initContainers'] as const).flatMap((list) =>
    (template.spec[list] ?? []).flatMap((one, i) => (one.image === image ? [`/spec/template/spec/${list}/${i}/image`] : [])),
  )
