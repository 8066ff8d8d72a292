import { told } from '../../facts/edge/survey.ts'
import { type Cleanable, cleanable, crowded } from '../../facts/nodes/disk.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { CleanFacts } from './clean-facts.ts'
import { cleaning, makesRoom } from './clean-steps.ts'

/** Takes from a node's disk what nobody misses: images no container uses, old journal, apt's cache, old on-demand snapshots; never a volume. */
export const clean = defineProcedure({
  id: 'nodes:clean',
  title: 'Make room on the disk of a node',
  needs: ['nodes', 'kube'],
  choices: { node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }) },
  offers: { node: offerNodes },
  // Nobody misses it as a rule; but a journal that is gone is gone.
  risk: () => 'irreversible',
  gather: async (input, look, { environment, clock }): Promise<CleanFacts> => {
    const node = nodeNamed(environment, input.node)
    const [litter, kept] = await Promise.all([
      look.nodes.litter(node.alias),
      told(look.kube.list('ReplicaSet', { namespace: environment.namespace }).then((sets) => new Set(sets.flatMap(imagesOf)))),
    ])
    const now = clock.now()
    return { node, litter, found: cleanable(litter, now), kept, now }
  },
  subject: ({ node }) => node.alias,
  target: (facts) => [
    `${facts.node.alias} (${facts.node.hostname}) at ${facts.node.address}`,
    ...facts.litter.fileSystems.map((one) => `${one.mountedOn} has ${bytes(one.availableBytes)} of ${bytes(one.totalBytes)} free`),
    ...(facts.found.bytes === 0 ? [] : [`goes: ${parts(facts.found)}`]),
  ],
  beyond: (facts) => [
    'No volume is touched, nothing of etcd but its old on-demand snapshots, and no container: they run on',
    ...rollbacks(facts),
    ...(facts.litter.images === undefined
      ? [`containerd of ${facts.node.alias} does not answer: images and snapshots stay as they are`]
      : []),
  ],
  elsewhere: (facts) =>
    crowded(facts.litter).length > 0 && !makesRoom(facts)
      ? [
          `What can be cleaned on ${facts.node.alias} is ${bytes(facts.found.bytes)}, and too little: what else fills it is in ${sh`honeydue nodes:disk ${facts.node.alias}`}`,
        ]
      : [],
  came: (before, after) => freed(before, after),
  steps: cleaning,
})

/** By the file system's own count: an image frees more than it counts packed. */
const freed = ({ litter: before, node }: CleanFacts, { litter: { fileSystems } }: CleanFacts): readonly string[] =>
  fileSystems.flatMap(({ mountedOn, availableBytes, totalBytes }) => {
    const former = before.fileSystems.find((one) => one.mountedOn === mountedOn)?.availableBytes ?? availableBytes
    const more = availableBytes - former
    return more > 0
      ? [`${node.alias} has ${bytes(availableBytes)} of ${bytes(totalBytes)} free on ${mountedOn}: ${bytes(more)} more than before`]
      : []
  })

/** Images are counted packed: what is freed is more. */
const parts = ({ images, journal, packages, snapshots }: Cleanable): string =>
  Object.entries({ images: sum(images), journal, packages, snapshots: sum(snapshots) })
    .filter(([, size]) => size > 0)
    .map(([what, size]) => `${what} ${bytes(size)}`)
    .join(', ')

const sum = (all: readonly { readonly bytes: number }[]): number => all.reduce((whole, one) => whole + one.bytes, 0)

const imagesOf = ({
  spec,
}: {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } } }
}) => spec.template.spec.containers.flatMap(({ image }) => image ?? [])

/** A rollback pulls what was removed, and a registry may have forgotten it. */
const rollbacks = ({ found, kept, node }: CleanFacts): readonly string[] => {
  if (found.images.length === 0) return []
  if (!('value' in kept)) return [`Which of the images a rollback would need is not known: ${kept.because}`]
  const needed = found.images.flatMap(({ names }) =>
    names.filter((name) => [...kept.value].some((one) => name === one || name.endsWith(`/${one}`))),
  )
  return needed.length === 0
    ? []
    : [`A rollback to ${needed.join(', ')} would pull it to ${node.alias} again; whether the registry still has it: honeydue deploy:status`]
}
