import { randomBytes } from 'node:crypto'
import type { Container, ContainerState, ContainerStatus } from '../controllers/objects.ts'
import { stamp } from '../controllers/objects.ts'
import type { Log } from './log.ts'

/** One container of a pod as its kubelet knows it. */
export interface RunningContainer {
  readonly spec: Container
  /** Runs before the pod's containers; one that is restarted `Always` then goes on beside them. */
  readonly init: boolean
  state: ContainerState
  last: ContainerState
  ready: boolean
  restarts: number
  id: string | undefined
  /** What runs, by its digest: `host/name@sha256:…`. */
  imageId: string | undefined
  /** How often its image could not be pulled, one time after the other. */
  refusals: number
  log: Log | undefined
  previous: Log | undefined
  env: Readonly<Record<string, string>>
  stop: AbortController | undefined
}

export const waiting = (reason: string, message?: string): ContainerState => ({ waiting: { ...(message ? { message } : {}), reason } })
export const newId = (): string => `containerd://${randomBytes(32).toString('hex')}`

export const created = (spec: Container, { init, reason }: { readonly init: boolean; readonly reason: string }): RunningContainer => ({
  spec,
  init,
  state: waiting(reason),
  last: {},
  ready: false,
  restarts: 0,
  id: undefined,
  imageId: undefined,
  refusals: 0,
  log: undefined,
  previous: undefined,
  env: {},
  stop: undefined,
})

export const terminated = (container: RunningContainer, exitCode: number): ContainerState => ({
  terminated: {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: container.state['running']?.['startedAt'] ?? stamp(),
    finishedAt: stamp(),
    ...(container.id ? { containerID: container.id } : {}),
  },
})

const isSidecar = ({ init, spec }: RunningContainer): boolean => init && spec.restartPolicy === 'Always'

/** Whether what comes after an init container may start. */
export const isDone = (container: RunningContainer): boolean =>
  isSidecar(container) ? container.state['running'] !== undefined : container.state['terminated']?.['exitCode'] === 0

/** Whether a container that has ended so is left as it is. */
export function staysEnded(container: RunningContainer, podPolicy: string, exitCode: number): boolean {
  if (isSidecar(container)) return false
  if (container.init) return exitCode === 0 || podPolicy === 'Never'
  return podPolicy === 'Never' || (podPolicy === 'OnFailure' && exitCode === 0)
}

export const statusOf = (container: RunningContainer): ContainerStatus => {
  const { spec, state, last, ready, restarts, id, imageId, init } = container
  return {
    name: spec.name,
    state,
    lastState: last,
    ready: init && !isSidecar(container) ? isDone(container) : ready,
    restartCount: restarts,
    image: spec.image,
    imageID: id ? (imageId ?? spec.image) : '',
    ...(id ? { containerID: id } : {}),
    started: state['running'] !== undefined,
  }
}
