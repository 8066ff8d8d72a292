import { randomBytes } from 'node:crypto'
import type { Container, ContainerState, ContainerStatus, Pod } from '../controllers/objects.ts'
import { stamp } from '../controllers/objects.ts'
import type { Log } from './log.ts'

/** One container of a pod as its kubelet knows it. */
export interface RunningContainer {
  readonly spec: Container
  state: ContainerState
  last: ContainerState
  ready: boolean
  restarts: number
  id: string | undefined
  log: Log | undefined
  previous: Log | undefined
  env: Readonly<Record<string, string>>
  stop: AbortController | undefined
}

export const waiting = (reason: string, message?: string): ContainerState => ({ waiting: { ...(message ? { message } : {}), reason } })
export const newId = (): string => `containerd://${randomBytes(32).toString('hex')}`

export const created = (spec: Container): RunningContainer => ({
  spec,
  state: waiting('ContainerCreating'),
  last: {},
  ready: false,
  restarts: 0,
  id: undefined,
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

const statusOf = ({ spec, state, last, ready, restarts, id }: RunningContainer): ContainerStatus => ({
  name: spec.name,
  state,
  lastState: last,
  ready,
  restartCount: restarts,
  image: spec.image,
  imageID: id ? spec.image : '',
  ...(id ? { containerID: id } : {}),
  started: state['running'] !== undefined,
})

/** The phase that the containers amount to. */
export function phaseOf(pod: Pod, containers: readonly RunningContainer[]): string {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const ends = containers.map(({ state }) => state['terminated']?.['exitCode'])
  const over = ends.every((code) => code !== undefined && (policy === 'Never' || (policy === 'OnFailure' && code === 0)))
  if (over) return ends.every((code) => code === 0) ? 'Succeeded' : 'Failed'
  return containers.some(({ state, last }) => state['waiting'] !== undefined && last['terminated'] === undefined) ? 'Pending' : 'Running'
}

export { statusOf }
