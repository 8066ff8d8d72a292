import { type ContainerStatus, ownerOf, type Pod } from '../controllers/objects.ts'
import type { Client } from '../types.ts'
import { isDone, newId, terminated } from './containers.ts'
import { resolveEnvironment } from './environment.ts'
import type { NodeImages } from './images.ts'
import { createLog } from './log.ts'
import { note } from './note.ts'
import { everyContainer, type RunningPod } from './running-pod.ts'

const environmentOf = (client: Client, pod: Pod, container: Parameters<typeof resolveEnvironment>[2]) => {
  const resolved = resolveEnvironment(client, pod, container)
  return 'env' in resolved ? resolved.env : {}
}

/** Brings a pod's containers to where they are after a long time: running and ready, or ended where they are to end. */
export function settleContainers(client: Client, pod: Pod, state: RunningPod, images: NodeImages): void {
  const job = ownerOf(pod)?.kind === 'Job'
  for (const container of everyContainer(state)) {
    container.env = environmentOf(client, pod, container.spec)
    container.id = newId()
    container.imageId = images.adopt(pod.spec.nodeName ?? '', container.spec.image, undefined)
    container.log = createLog()
    container.state = { running: { startedAt: state.startTime } }
    container.ready = !job && !note(pod, 'never-ready')
    if (container.init ? isDone(container) : !job) continue
    container.log.end()
    container.state = terminated(container, !container.init && note(pod, 'fail') ? 1 : 0)
  }
}

/** Takes over what the pod's status says of containers that another process, or this one before a restore, has started. */
export function adoptContainers(client: Client, pod: Pod, state: RunningPod, images: NodeImages): void {
  const known = [...((pod.status['initContainerStatuses'] ?? []) as ContainerStatus[]), ...(pod.status.containerStatuses ?? [])]
  for (const container of everyContainer(state)) {
    const status = known.find(({ name }) => name === container.spec.name)
    container.env = environmentOf(client, pod, container.spec)
    container.state = status?.state ?? container.state
    container.last = status?.lastState ?? {}
    container.ready = status?.ready ?? false
    container.restarts = status?.restartCount ?? 0
    container.id = status?.containerID
    if (status?.imageID) container.imageId = images.adopt(pod.spec.nodeName ?? '', container.spec.image, status.imageID)
    if (container.state['running']) container.log = createLog()
  }
}
