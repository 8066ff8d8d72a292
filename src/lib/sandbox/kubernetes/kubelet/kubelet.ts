import type { Context } from '../controllers/context.ts'
import type { Nodes } from '../controllers/nodes.ts'
import { as, isOver, type Pod, pods, stamp } from '../controllers/objects.ts'
import type { KubeObject, Workloads } from '../types.ts'
import { adoptContainers, settleContainers } from './adoption.ts'
import { isDone, newId, type RunningContainer, staysEnded, terminated, waiting } from './containers.ts'
import { resolveEnvironment } from './environment.ts'
import { execute } from './execution.ts'
import { createNodeImages } from './images.ts'
import { createLog, type Log } from './log.ts'
import { note } from './note.ts'
import { failingProbe } from './probes.ts'
import { everyContainer, podStatus, type RunningPod, runningPod } from './running-pod.ts'

const firstBackoff = 10_000
const longestBackoff = 300_000
const settledAge = 3_600_000
const terminatedBySignal = 143
const killed = 137
/** What a kubelet says of a container whose end nobody saw. */
const unknownEnd = 255
/** From the refusal of an image to the back-off, which a kubelet's next look brings. */
const secondLook = 250

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
  const source = (pod: Pod, { spec, init }: RunningContainer) => ({
    component: 'kubelet',
    host: pod.spec.nodeName ?? '',
    fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${spec.name}}`,
  })

  const write = (state: RunningPod): void => {
    const pod = live(state)
    if (!pod) return
    const status = podStatus(pod, state, nodes.address(pod.spec.nodeName ?? ''))
    client.update(pods, state.name, state.namespace, (draft) => Object.assign(draft, { status }), {
      subresource: 'status',
      manager: 'kubelet',
    })
  }

  const become = (state: RunningPod, container: RunningContainer, ready: boolean): void => {
    if (container.ready === ready || container.state['running'] === undefined) return
    const pod = ready ? live(state) : undefined
    if (pod && unhealthy(state, pod, container)) return
    container.ready = ready
    write(state)
  }

  /** Whether a probe keeps the container from being ready; the startup probe ends it after its last failure. */
  const unhealthy = (state: RunningPod, pod: Pod, container: RunningContainer): boolean => {
    const failing = failingProbe(workloads, pod, container.spec)
    if (!failing) return false
    const from = source(pod, container)
    event(pod, 'Warning', 'Unhealthy', `${failing.kind} probe failed: HTTP probe failed with statuscode: ${failing.status}`, from)
    const { stop } = container
    if (failing.endsAfter !== undefined)
      after(failing.endsAfter, () => {
        if (!live(state) || container.stop !== stop) return
        event(pod, 'Normal', 'Killing', `Container ${container.spec.name} failed startup probe, will be restarted`, from)
        stop?.abort()
        exited(state, container, killed)
      })
    return true
  }

  const exited = (state: RunningPod, container: RunningContainer, code: number): void => {
    const pod = live(state)
    if (!pod || container.state['running'] === undefined) return
    container.log?.end()
    container.stop = undefined
    container.ready = false
    container.state = terminated(container, code)
    if (state.stopping || staysEnded(container, pod.spec.restartPolicy ?? 'Always', code)) {
      if (container.init && !state.stopping && code === 0) proceed(state)
      else write(state)
      return
    }
    container.last = container.state
    const backoff = container.restarts === 0 ? 0 : Math.min(longestBackoff, firstBackoff * 2 ** (container.restarts - 1))
    const { name } = container.spec
    if (backoff > 0) {
      const of = `container=${name} pod=${state.name}_${state.namespace}(${pod.metadata.uid})`
      container.state = waiting('CrashLoopBackOff', `back-off ${backoff / 1000}s restarting failed ${of}`)
      const message = `Back-off restarting failed container ${name} in pod ${state.name}_${state.namespace}(${pod.metadata.uid})`
      event(pod, 'Warning', 'BackOff', message, source(pod, container))
    }
    write(state)
    after(Math.max(backoff, 20), () => {
      container.restarts++
      start(state, container)
    })
  }

  const run = (state: RunningPod, pod: Pod, container: RunningContainer, runs = true): void =>
    execute(
      context,
      workloads,
      { pod, container, adopted: state.adopted, runs },
      { exited: (code) => exited(state, container, code), ready: (is) => become(state, container, is) },
    )

  const start = (state: RunningPod, container: RunningContainer): void => {
    const pod = live(state)
    const node = pod?.spec.nodeName ?? ''
    if (!pod || state.stopping || !nodes.isUp(node)) return
    const { image } = container.spec
    const refused = settling() ? undefined : note(pod, 'image-pull')
    const here = refused === undefined ? images.present(node, container.spec) : undefined
    if (here) {
      begin(state, pod, container, { ...here, how: `Container image "${image}" already present on machine` })
      return
    }
    event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, source(pod, container))
    if (refused !== undefined) {
      notPulled(state, pod, container, refused)
      return
    }
    void images.pull(node, image, pod).then((pulled) => {
      const now = live(state)
      if (!now || state.stopping) return
      if ('refused' in pulled) notPulled(state, now, container, pulled.refused)
      else begin(state, now, container, { ...pulled, how: `Successfully pulled image "${image}"` })
    })
  }

  const notPulled = (state: RunningPod, pod: Pod, container: RunningContainer, why: string): void => {
    const { image } = container.spec
    const from = source(pod, container)
    event(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${why}`, from)
    event(pod, 'Warning', 'Failed', 'Error: ErrImagePull', from)
    const failed = waiting('ErrImagePull', why)
    container.state = failed
    write(state)
    after(secondLook, () => {
      if (!live(state) || state.stopping || container.state !== failed) return
      event(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, from)
      event(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', from)
      container.state = waiting('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${why}`)
      write(state)
    })
    after(Math.min(longestBackoff, firstBackoff * 2 ** container.refusals++), () => start(state, container))
  }

  const begin = (
    state: RunningPod,
    pod: Pod,
    container: RunningContainer,
    { imageId, runs, how }: { readonly imageId: string | undefined; readonly runs: boolean; readonly how: string },
  ): void => {
    const { name } = container.spec
    const from = source(pod, container)
    const resolved = resolveEnvironment(client, pod, container.spec)
    if ('missing' in resolved && !settling()) {
      container.state = waiting('CreateContainerConfigError', resolved.missing)
      event(pod, 'Warning', 'Failed', `Error: ${resolved.missing}`, from)
      write(state)
      return
    }
    container.env = 'env' in resolved ? resolved.env : {}
    container.id = newId()
    container.imageId = imageId
    container.refusals = 0
    container.previous = container.log
    container.log = createLog()
    container.state = { running: { startedAt: settling() ? state.startTime : stamp() } }
    event(pod, 'Normal', 'Pulled', how, from)
    event(pod, 'Normal', 'Created', `Created container: ${name}`, from)
    event(pod, 'Normal', 'Started', `Started container ${name}`, from)
    write(state)
    run(state, pod, container, runs)
    if (container.init && isDone(container)) proceed(state)
  }

  /** Starts the next init container, or all others when none is left. */
  const proceed = (state: RunningPod): void => {
    const next = state.inits.find((container) => !isDone(container))
    if (next) {
      write(state)
      start(state, next)
    } else for (const container of state.containers) if (container.id === undefined) start(state, container)
  }

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
      event(pod, 'Normal', 'Killing', `Stopping container ${container.spec.name}`, source(pod, container))
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
