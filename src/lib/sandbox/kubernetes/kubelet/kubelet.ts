import type { Context } from '../controllers/context.ts'
import type { Nodes } from '../controllers/nodes.ts'
import { as, isOver, ownerOf, type Pod, pods, stamp, withCondition } from '../controllers/objects.ts'
import type { KubeObject, Workloads } from '../types.ts'
import { created, newId, phaseOf, type RunningContainer, statusOf, terminated, waiting } from './containers.ts'
import { resolveEnvironment } from './environment.ts'
import { createLog, type Log } from './log.ts'

interface RunningPod {
  readonly name: string
  readonly namespace: string | undefined
  readonly ip: string
  readonly startTime: string
  readonly containers: RunningContainer[]
  stopping: boolean
  /** Settled, or found by a restore: its programs have not been started in this process yet. */
  adopted: boolean
}

const firstBackoff = 10_000
const longestBackoff = 300_000
const settledAge = 3_600_000
const duration = (text: string): number => {
  const [, amount = '0', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  return Number(amount) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)
}

/** The kubelets of all nodes: they run the containers of the pods that are bound to them, and write what becomes of them. */
export function createKubelet(context: Context, nodes: Nodes, workloads: Workloads) {
  const { client, after, event, speed, settling } = context
  const running = new Map<string, RunningPod>()
  let addresses = 0
  const live = (pod: RunningPod): Pod | undefined => {
    const found = client.get(pods, pod.name, pod.namespace)
    return found && running.get(found.metadata.uid ?? '') === pod ? as<Pod>(found) : undefined
  }
  const source = (pod: Pod, container: string) => ({
    component: 'kubelet',
    host: pod.spec.nodeName ?? '',
    fieldPath: `spec.containers{${container}}`,
  })
  const note = (pod: Pod, name: string) => pod.metadata.annotations?.[`honeydue.test/${name}`]

  const write = (state: RunningPod): void => {
    const pod = live(state)
    if (!pod) return
    const phase = phaseOf(pod, state.containers)
    const over = phase === 'Succeeded' || phase === 'Failed'
    const unready = state.containers.filter(({ ready }) => !ready).map(({ spec }) => spec.name)
    const bad = over
      ? { reason: 'PodCompleted' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` }
    let { conditions } = pod.status
    const set = (type: string, ok: boolean, otherwise: { reason: string; message?: string }) => {
      conditions = withCondition(conditions, { type, status: ok ? 'True' : 'False', ...(ok ? {} : otherwise), lastProbeTime: null })
    }
    set('Initialized', true, bad)
    set('Ready', unready.length === 0, bad)
    set('ContainersReady', unready.length === 0, bad)
    set('PodScheduled', true, bad)
    const hostIP = nodes.address(pod.spec.nodeName ?? '')
    const ip = pod.spec.hostNetwork ? hostIP : state.ip
    const status = {
      ...pod.status,
      phase,
      conditions,
      hostIP,
      hostIPs: [{ ip: hostIP }],
      podIP: ip,
      podIPs: [{ ip }],
      startTime: state.startTime,
      containerStatuses: state.containers.map(statusOf),
    }
    client.update(pods, state.name, state.namespace, (draft) => Object.assign(draft, { status }), {
      subresource: 'status',
      manager: 'kubelet',
    })
  }

  const become = (state: RunningPod, container: RunningContainer, ready: boolean): void => {
    if (container.ready === ready || container.state['running'] === undefined) return
    container.ready = ready
    write(state)
  }

  const exited = (state: RunningPod, container: RunningContainer, code: number): void => {
    const pod = live(state)
    if (!pod || container.state['running'] === undefined) return
    container.log?.end()
    container.stop = undefined
    container.ready = false
    container.state = terminated(container, code)
    const policy = pod.spec.restartPolicy ?? 'Always'
    if (state.stopping || policy === 'Never' || (policy === 'OnFailure' && code === 0)) {
      write(state)
      return
    }
    container.last = container.state
    const backoff = container.restarts === 0 ? 0 : Math.min(longestBackoff, firstBackoff * 2 ** (container.restarts - 1))
    const { name } = container.spec
    if (backoff > 0) {
      const message = `back-off ${backoff / 1000}s restarting failed container=${name} pod=${state.name}_${state.namespace}(${pod.metadata.uid})`
      container.state = waiting('CrashLoopBackOff', message)
      event(
        pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${name} in pod ${state.name}_${state.namespace}(${pod.metadata.uid})`,
        source(pod, name),
      )
    }
    write(state)
    after(Math.max(backoff, 20), () => {
      container.restarts++
      start(state, container)
    })
  }

  /** Runs the program, or does what the annotations say. */
  const execute = (state: RunningPod, pod: Pod, container: RunningContainer): void => {
    const { name } = container.spec
    const stop = new AbortController()
    container.stop = stop
    const mine = () => container.stop === stop
    const program = workloads.program?.(pod, name)
    if (program) {
      const log = container.log
      // An adopted container has been ready for long: its start is replayed, not seen.
      let replayed = !state.adopted
      const ready = (is: boolean) => {
        if (is) replayed = true
        if (replayed && mine()) become(state, container, is)
      }
      program({ pod, container: name, env: container.env, log: (line) => log?.write(line), ready, signal: stop.signal }).then(
        (code) => mine() && exited(state, container, code),
        (error: unknown) => {
          log?.write(error instanceof Error ? error.message : String(error))
          if (mine()) exited(state, container, 1)
        },
      )
      return
    }
    const exit = (ms: number, code: number) => after(ms, () => mine() && exited(state, container, code))
    const completes = note(pod, 'complete-after')
    if (note(pod, 'crash')) exit(50, 1)
    else if (ownerOf(pod)?.kind === 'Job' || completes || note(pod, 'fail'))
      exit(completes ? duration(completes) : speed.jobComplete, note(pod, 'fail') ? 1 : 0)
    if (note(pod, 'never-ready') || note(pod, 'crash') || state.adopted) return
    after(note(pod, 'ready-after') ? duration(note(pod, 'ready-after') ?? '') : speed.ready, () => mine() && become(state, container, true))
  }

  const start = (state: RunningPod, container: RunningContainer): void => {
    const pod = live(state)
    if (!pod || state.stopping || !nodes.isUp(pod.spec.nodeName ?? '')) return
    const { name, image } = container.spec
    const from = source(pod, name)
    const bad = note(pod, 'image-pull')
    if (bad && !settling()) {
      event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, from)
      event(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${bad}`, from)
      container.state = waiting('ImagePullBackOff', `Back-off pulling image "${image}"`)
      write(state)
      return
    }
    const resolved = resolveEnvironment(client, pod, container.spec)
    if ('missing' in resolved && !settling()) {
      container.state = waiting('CreateContainerConfigError', resolved.missing)
      event(pod, 'Warning', 'Failed', `Error: ${resolved.missing}`, from)
      write(state)
      return
    }
    container.env = 'env' in resolved ? resolved.env : {}
    container.id = newId()
    container.previous = container.log
    container.log = createLog()
    container.state = { running: { startedAt: settling() ? state.startTime : stamp() } }
    event(pod, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, from)
    event(pod, 'Normal', 'Created', `Created container: ${name}`, from)
    event(pod, 'Normal', 'Started', `Started container ${name}`, from)
    write(state)
    execute(state, pod, container)
  }

  const settle = (state: RunningPod, pod: Pod): void => {
    state.adopted = true
    const job = ownerOf(pod)?.kind === 'Job'
    for (const container of state.containers) {
      const resolved = resolveEnvironment(client, pod, container.spec)
      container.env = 'env' in resolved ? resolved.env : {}
      container.id = newId()
      container.log = createLog()
      container.state = { running: { startedAt: state.startTime } }
      container.ready = !job && !note(pod, 'never-ready')
      if (job) {
        container.log.end()
        container.state = terminated(container, note(pod, 'fail') ? 1 : 0)
      }
    }
    write(state)
  }

  /** A pod that ran before this process knew it: its containers go on. */
  const adopt = (state: RunningPod, pod: Pod): void => {
    state.adopted = true
    for (const container of state.containers) {
      const known = pod.status.containerStatuses?.find(({ name }) => name === container.spec.name)
      const resolved = resolveEnvironment(client, pod, container.spec)
      Object.assign(container, {
        env: 'env' in resolved ? resolved.env : {},
        state: known?.state ?? container.state,
        last: known?.lastState ?? {},
        ready: known?.ready ?? false,
        restarts: known?.restartCount ?? 0,
        id: known?.containerID,
      })
      if (!container.state['running']) after(20, () => start(state, container))
      else {
        container.log = createLog()
        execute(state, pod, container)
      }
    }
    state.adopted = false
  }

  const end = (state: RunningPod, pod: Pod): void => {
    if (state.stopping) return
    state.stopping = true
    for (const { spec, stop } of state.containers) {
      stop?.abort()
      event(pod, 'Normal', 'Killing', `Stopping container ${spec.name}`, source(pod, spec.name))
    }
    after(Math.min(speed.terminate, (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000), () =>
      client.delete(pods, state.name, state.namespace, { gracePeriodSeconds: 0, ...(pod.metadata.uid ? { uid: pod.metadata.uid } : {}) }),
    )
  }

  const sync = (name: string, namespace: string | undefined): void => {
    const found = client.get(pods, name, namespace)
    if (!found) return
    const pod = as<Pod>(found)
    const uid = pod.metadata.uid ?? ''
    const node = pod.spec.nodeName ?? ''
    if (!node || !nodes.isUp(node)) return
    let state = running.get(uid)
    if (!state) {
      addresses++
      const ip = pod.status.podIP ?? `10.42.${(addresses >> 8) & 255}.${addresses & 255 || 1}`
      const startTime = String(pod.status['startTime'] ?? stamp(settling() ? Date.now() - settledAge : Date.now()))
      state = { name, namespace, ip, startTime, containers: pod.spec.containers.map(created), stopping: false, adopted: false }
      running.set(uid, state)
      if (pod.metadata.deletionTimestamp) {
        end(state, pod)
        return
      }
      if (isOver(pod)) return
      if (settling()) settle(state, pod)
      else if (pod.status.containerStatuses) adopt(state, pod)
      else for (const container of state.containers) start(state, container)
    } else if (pod.metadata.deletionTimestamp) end(state, pod)
  }

  return {
    sync,
    /** The pod is no longer stored: nothing of it may go on. */
    gone: (pod: KubeObject): void => {
      const state = running.get(pod.metadata.uid ?? '')
      if (!state) return
      running.delete(pod.metadata.uid ?? '')
      for (const { stop, log } of state.containers) {
        stop?.abort()
        log?.end()
      }
    },
    /** Its node is back: the containers are as they were before. */
    returned: (pod: KubeObject): void => {
      const state = running.get(pod.metadata.uid ?? '')
      if (!state) {
        sync(pod.metadata.name, pod.metadata.namespace)
        return
      }
      if (pod.metadata.deletionTimestamp) {
        sync(pod.metadata.name, pod.metadata.namespace)
        return
      }
      write(state)
    },
    /** Containers that waited for a ConfigMap or Secret try again. */
    configurationChanged: (namespace: string | undefined): void => {
      for (const state of running.values()) {
        if (state.namespace !== namespace) continue
        for (const container of state.containers)
          if (container.state['waiting']?.['reason'] === 'CreateContainerConfigError') after(10, () => start(state, container))
      }
    },
    /** Starts the programs of settled pods. */
    resume: (): void => {
      for (const state of running.values()) {
        const pod = state.adopted ? live(state) : undefined
        if (!pod) continue
        for (const container of state.containers) if (container.state['running']) execute(state, pod, container)
        state.adopted = false
      }
    },
    log: (pod: Pod, name: string, previous: boolean): Log | undefined => {
      const container = running.get(pod.metadata.uid ?? '')?.containers.find(({ spec }) => spec.name === name)
      return previous ? container?.previous : container?.log
    },
    waiting: (pod: Pod, name: string): string =>
      String(
        running.get(pod.metadata.uid ?? '')?.containers.find(({ spec }) => spec.name === name)?.state['waiting']?.['reason'] ??
          'ContainerCreating',
      ),
    environment: (pod: Pod, name: string): Readonly<Record<string, string>> | undefined => {
      const container = running.get(pod.metadata.uid ?? '')?.containers.find(({ spec }) => spec.name === name)
      return container?.state['running'] ? container.env : undefined
    },
    clear: (): void => {
      for (const { containers } of running.values())
        for (const { stop, log } of containers) {
          stop?.abort()
          log?.end()
        }
      running.clear()
    },
  }
}
export type Kubelet = ReturnType<typeof createKubelet>
