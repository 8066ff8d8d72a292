import type { Context } from '../controllers/context.ts'
import type { Nodes } from '../controllers/nodes.ts'
import { as, isOver, type Pod, pods, stamp } from '../controllers/objects.ts'
import type { KubeObject, Workloads } from '../types.ts'
import { adoptContainers, settleContainers } from './adoption.ts'
import { createLifecycle, sourceOf } from './container-lifecycle.ts'
import { isDone, type RunningContainer, terminated } from './containers.ts'
import { createNodeImages } from './images.ts'
import type { Log } from './log.ts'
import { everyContainer, type RunningPod, runningPod } from './running-pod.ts'

const settledAge = 3_600_000
const terminatedBySignal = 143
/** What a kubelet says of a container whose end nobody saw. */
const unknownEnd = 255

/** The kubelets of all nodes: they run the containers of the pods that are bound to them, and write what becomes of them. */
export function createKubelet(context: Context, nodes: Nodes, workloads: Workloads) {
  const { client, after, event, speed, settling } = context
  const running = new Map<string, RunningPod>()
  const images = createNodeImages(workloads.images)
  let addresses = 0
  const live = (pod: RunningPod): Pod | undefined => {
    const found = client.get(pods, pod.name, pod.namespace)
    return found && running.get(found.metadata.uid ?? '') === pod ? as<Pod>(found) : undefined
  }
  const { write, exited, run, start, proceed } = createLifecycle(context, nodes, workloads, images, live)

  const settle = (state: RunningPod, pod: Pod): void => {
    state.adopted = true
    settleContainers(client, pod, state, images)
    write(state)
  }

  /** A pod that ran before this process knew it: its containers go on. */
  const adopt = (state: RunningPod, pod: Pod): void => {
    state.adopted = true
    adoptContainers(client, pod, state, images)
    const initialized = state.inits.every(isDone)
    for (const container of everyContainer(state)) {
      if (container.state['running']) run(state, pod, container)
      else if (initialized && !container.init) after(20, () => start(state, container))
    }
    if (!initialized) after(20, () => proceed(state))
    state.adopted = false
  }

  const end = (state: RunningPod, pod: Pod): void => {
    if (state.stopping) return
    state.stopping = true
    for (const container of everyContainer(state)) {
      if (container.init && !container.state['running']) continue
      container.stop?.abort()
      event(pod, 'Normal', 'Killing', `Stopping container ${container.spec.name}`, sourceOf(pod, container))
    }
    after(Math.min(speed.terminate, (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000), () => {
      // Whoever holds the object back is to see how it ended.
      if (pod.metadata.finalizers?.length) {
        for (const container of state.containers) container.state = ended(container)
        write(state)
      }
      client.delete(pods, state.name, state.namespace, { gracePeriodSeconds: 0, ...(pod.metadata.uid ? { uid: pod.metadata.uid } : {}) })
    })
  }
  const ended = (container: RunningContainer) =>
    container.state['terminated'] ? container.state : terminated(container, terminatedBySignal)

  const sync = (name: string, namespace: string | undefined): void => {
    const found = client.get(pods, name, namespace)
    if (!found) return
    const pod = as<Pod>(found)
    const uid = pod.metadata.uid ?? ''
    const node = pod.spec.nodeName ?? ''
    if (!node || !nodes.isUp(node)) return
    const known = running.get(uid)
    if (known) {
      if (pod.metadata.deletionTimestamp) end(known, pod)
      return
    }
    addresses++
    const ip = pod.status.podIP ?? `10.42.${(addresses >> 8) & 255}.${addresses & 255 || 1}`
    const startTime = String(pod.status['startTime'] ?? stamp(settling() ? Date.now() - settledAge : Date.now()))
    const state = runningPod(pod, ip, startTime)
    running.set(uid, state)
    if (pod.metadata.deletionTimestamp) end(state, pod)
    else if (isOver(pod)) return
    else if (settling()) settle(state, pod)
    else if (pod.status.containerStatuses) adopt(state, pod)
    else proceed(state)
  }

  const containerOf = (pod: Pod, name: string): RunningContainer | undefined => {
    const state = running.get(pod.metadata.uid ?? '')
    return state && everyContainer(state).find(({ spec }) => spec.name === name)
  }

  return {
    sync,
    /** The pod is no longer stored: nothing of it may go on. */
    gone: (pod: KubeObject): void => {
      const state = running.get(pod.metadata.uid ?? '')
      if (!state) return
      running.delete(pod.metadata.uid ?? '')
      halt(state)
    },
    /** Its node is back: the containers are as they were before. */
    returned: (pod: KubeObject): void => {
      const state = running.get(pod.metadata.uid ?? '')
      if (!state || pod.metadata.deletionTimestamp) sync(pod.metadata.name, pod.metadata.namespace)
      else write(state)
    },
    /** Its node has booted anew: no container has outlived that. */
    rebooted: (pod: KubeObject): void => {
      const state = running.get(pod.metadata.uid ?? '')
      for (const container of state ? everyContainer(state) : []) {
        container.stop?.abort()
        if (state) exited(state, container, unknownEnd)
      }
    },
    /** Containers that waited for a ConfigMap or Secret try again. */
    configurationChanged: (namespace: string | undefined): void => {
      for (const state of running.values()) {
        if (state.namespace !== namespace) continue
        for (const container of everyContainer(state))
          if (container.state['waiting']?.['reason'] === 'CreateContainerConfigError') after(10, () => start(state, container))
      }
    },
    /** Starts the programs of settled pods. */
    resume: (): void => {
      for (const state of running.values()) {
        const pod = state.adopted ? live(state) : undefined
        if (!pod) continue
        for (const container of everyContainer(state)) if (container.state['running']) run(state, pod, container)
        state.adopted = false
      }
    },
    log: (pod: Pod, name: string, previous: boolean): Log | undefined => containerOf(pod, name)?.[previous ? 'previous' : 'log'],
    waiting: (pod: Pod, name: string): string =>
      String(
        containerOf(pod, name)?.state['waiting']?.['reason'] ?? (pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating'),
      ),
    environment: (pod: Pod, name: string): Readonly<Record<string, string>> | undefined => {
      const container = containerOf(pod, name)
      return container?.state['running'] ? container.env : undefined
    },
    clear: (): void => {
      for (const state of running.values()) halt(state)
      running.clear()
      images.clear()
    },
  }
}
export type Kubelet = ReturnType<typeof createKubelet>

function halt(state: RunningPod): void {
  for (const { stop, log } of everyContainer(state)) {
    stop?.abort()
    log?.end()
  }
}
