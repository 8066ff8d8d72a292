import { type Condition, type Pod, withCondition } from '../controllers/objects.ts'
import { created, isDone, type RunningContainer, statusOf, staysEnded } from './containers.ts'

/** A pod as its kubelet knows it. */
export interface RunningPod {
  readonly name: string
  readonly namespace: string | undefined
  readonly ip: string
  readonly startTime: string
  /** Run one after the other, before the others start. */
  readonly inits: readonly RunningContainer[]
  readonly containers: readonly RunningContainer[]
  stopping: boolean
  /** Settled, or found by a restore: its programs have not been started in this process yet. */
  adopted: boolean
}

export function runningPod(pod: Pod, ip: string, startTime: string): RunningPod {
  const inits = (pod.spec.initContainers ?? []).map((spec) => created(spec, { init: true, reason: 'PodInitializing' }))
  const reason = inits.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const containers = pod.spec.containers.map((spec) => created(spec, { init: false, reason }))
  const { name, namespace } = pod.metadata
  return { name, namespace, ip, startTime, inits, containers, stopping: false, adopted: false }
}

export const everyContainer = ({ inits, containers }: RunningPod): readonly RunningContainer[] => [...inits, ...containers]

/** The phase that the containers amount to. */
function phaseOf(pod: Pod, { inits, containers, stopping }: RunningPod): string {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const failed = inits.some(({ state }) => (state['terminated']?.['exitCode'] ?? 0) !== 0)
  if (!inits.every(isDone)) return failed && policy === 'Never' ? 'Failed' : 'Pending'
  const codes = containers.map(({ state }) => state['terminated']?.['exitCode'] as number | undefined)
  const over = containers.every((container, at) => {
    const code = codes[at]
    return code !== undefined && (stopping || staysEnded(container, policy, code))
  })
  if (over) return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed'
  return containers.some(({ state, last }) => state['waiting'] !== undefined && last['terminated'] === undefined) ? 'Pending' : 'Running'
}

/** The pod's status as its kubelet would write it now; `hostIP` is its node's address. */
export function podStatus(pod: Pod, running: RunningPod, hostIP: string): Pod['status'] {
  const { inits, containers } = running
  const phase = phaseOf(pod, running)
  const over = phase === 'Succeeded' || phase === 'Failed'
  const list = (of: readonly RunningContainer[]) => `[${of.map(({ spec }) => spec.name).join(' ')}]`
  const left = inits.filter((container) => !isDone(container))
  const unready = containers.filter(({ ready }) => !ready)
  const bad = over
    ? { reason: 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: ${list(unready)}` }
  const incomplete = { reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${list(left)}` }
  const said: readonly (readonly [type: string, ok: boolean, otherwise: Pick<Condition, 'reason' | 'message'>])[] = [
    ['Initialized', left.length === 0, incomplete],
    ['Ready', unready.length === 0, bad],
    ['ContainersReady', unready.length === 0, bad],
    ['PodScheduled', true, bad],
  ]
  let { conditions } = pod.status
  for (const [type, ok, otherwise] of said)
    conditions = withCondition(conditions, { type, status: ok ? 'True' : 'False', ...(ok ? {} : otherwise), lastProbeTime: null })
  const ip = pod.spec.hostNetwork ? hostIP : running.ip
  return {
    ...pod.status,
    phase,
    ...(conditions ? { conditions } : {}),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: running.startTime,
    ...(inits.length > 0 ? { initContainerStatuses: inits.map(statusOf) } : {}),
    containerStatuses: containers.map(statusOf),
  }
}
