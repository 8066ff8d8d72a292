import type { Context } from '../controllers/context.ts'
import type { Nodes } from '../controllers/nodes.ts'
import { type Pod, pods, stamp } from '../controllers/objects.ts'
import type { Workloads } from '../types.ts'
import { isDone, newId, type RunningContainer, staysEnded, terminated, waiting } from './containers.ts'
import { resolveEnvironment } from './environment.ts'
import { execute } from './execution.ts'
import type { NodeImages } from './images.ts'
import { createLog } from './log.ts'
import { note } from './note.ts'
import { failingProbe } from './probes.ts'
import { podStatus, type RunningPod } from './running-pod.ts'

const firstBackoff = 10_000
const longestBackoff = 300_000
const killed = 137
/** From the refusal of an image to the back-off, which a kubelet's next look brings. */
const secondLook = 250

/** What an event of a container names as its source. */
export const sourceOf = (pod: Pod, { spec, init }: RunningContainer) => ({
  component: 'kubelet',
  host: pod.spec.nodeName ?? '',
  fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${spec.name}}`,
})

/** How containers come and go: pulled, started, probed, ended and started again; each change is written into their pod's status. `live`: the stored pod, as long as it is the one that runs. */
export function createLifecycle(
  context: Context,
  nodes: Nodes,
  workloads: Workloads,
  images: NodeImages,
  live: (pod: RunningPod) => Pod | undefined,
) {
  const { client, after, event, settling } = context

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
    const from = sourceOf(pod, container)
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
      event(pod, 'Warning', 'BackOff', message, sourceOf(pod, container))
    }
    write(state)
    after(Math.max(backoff / context.speed.faster, 20), () => {
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
    event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, sourceOf(pod, container))
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
    const from = sourceOf(pod, container)
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
    after(Math.min(longestBackoff, firstBackoff * 2 ** container.refusals++) / context.speed.faster, () => start(state, container))
  }

  const begin = (
    state: RunningPod,
    pod: Pod,
    container: RunningContainer,
    { imageId, runs, how }: { readonly imageId: string | undefined; readonly runs: boolean; readonly how: string },
  ): void => {
    const { name } = container.spec
    const from = sourceOf(pod, container)
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

  return { write, exited, run, start, proceed }
}
