import { counted } from '../../counted.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import { hasEnded } from '../../pod-state.ts'
import type { Container, Deployment, Node, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What a pod asks of a node: milli-CPUs and bytes. */
export interface Wanted {
  readonly cpu: number
  readonly memory: number
}

export interface Room {
  readonly each: Wanted
  /** How many more such pods the scheduler could place, by what pods request; Infinity where they request nothing. */
  readonly more: number
  /** Nodes that take pods now. */
  readonly nodes: number
}

/** "250m", "2", "0.5" as milli-CPUs. */
export const milliCpus = (quantity: string): number => (quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000)

const units: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  '': 1,
  m: 1e-3,
}

/** "128Mi", "1e6", "512000000" as bytes; NaN for what is no quantity. */
export const bytesOf = (quantity: string): number => {
  const [, number = '', unit = ''] = /^([0-9.]+(?:[eE][0-9]+)?)([a-zA-Z]*)$/.exec(quantity) ?? []
  return number === '' || units[unit] === undefined ? Number.NaN : Number(number) * units[unit]
}

export const wantedBy = ({
  containers,
  initContainers = [],
}: {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}): Wanted => {
  const of = ({ resources }: Container): Wanted => ({
    cpu: milliCpus(resources?.requests?.cpu ?? '0'),
    memory: bytesOf(resources?.requests?.memory ?? '0'),
  })
  const all = containers.map(of)
  const sum = (key: keyof Wanted) => all.reduce((total, one) => total + one[key], 0)
  // Init containers run before the others, one at a time: the largest of them counts where it is larger.
  const largest = (key: keyof Wanted) => Math.max(0, ...initContainers.map((one) => of(one)[key]))
  return { cpu: Math.max(sum('cpu'), largest('cpu')), memory: Math.max(sum('memory'), largest('memory')) }
}

/** Ready, not cordoned, and without a taint that keeps ordinary pods away. */
export const takesPods = ({ spec, status }: Node): boolean =>
  spec.unschedulable !== true &&
  !spec.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') &&
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true

/** What a node has left, by what its pods request; `pods`: so many more of them. */
export const freeOn = ({ metadata, status }: Node, pods: readonly Pod[]): Wanted & { readonly pods: number } => {
  const here = pods.filter((pod) => pod.spec.nodeName === metadata.name && !hasEnded(pod))
  const used = here.map((pod) => wantedBy(pod.spec))
  const free = (key: keyof Wanted, all: number) => Math.max(0, all - used.reduce((sum, one) => sum + one[key], 0))
  const { cpu = '0', memory = '0', pods: most = '110' } = status.allocatable ?? {}
  return { cpu: free('cpu', milliCpus(cpu)), memory: free('memory', bytesOf(memory)), pods: Math.max(0, Number(most) - here.length) }
}

/** Where further pods of a Deployment could run, by what all pods request of each node. */
export const gatherRoom = async ({ spec }: Deployment, look: Readers<'kube'>): Promise<Room> => {
  const [nodes, pods] = await Promise.all([look.kube.nodes(), look.kube.pods()])
  const each = wantedBy(spec.template.spec)
  const open = nodes.filter(takesPods)
  const places = open.map((node) => {
    const free = freeOn(node, pods)
    const holding = (key: keyof Wanted) => (each[key] === 0 ? Number.POSITIVE_INFINITY : Math.floor(free[key] / each[key]))
    return Math.min(holding('cpu'), holding('memory'), free.pods)
  })
  return { each, more: places.reduce((sum, one) => sum + one, 0), nodes: open.length }
}

/** "250 mCPU and 128 MiB". */
export const requested = ({ cpu, memory }: Wanted): string => `${cpu} mCPU and ${Math.round(memory / 2 ** 20)} MiB`

/** Whether so many more pods would find a node. */
export const fits = (name: string, more: number, room: Room): Finding =>
  more <= room.more
    ? holds
    : fails(
        `${counted(more, 'more pod')} of ${name} ${more === 1 ? 'wants' : 'want'} ${requested(room.each)}${more === 1 ? '' : ' each'}; ${counted(room.nodes, 'node takes', 'nodes take')} pods and ${room.nodes === 1 ? 'has' : 'have'} room for ${room.more}`,
        'honeydue nodes:status',
      )
