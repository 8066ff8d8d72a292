import type { Context } from '../controllers/context.ts'
import { ownerOf, type Pod } from '../controllers/objects.ts'
import type { Workloads } from '../types.ts'
import type { RunningContainer } from './containers.ts'
import { duration } from './duration.ts'
import { note } from './note.ts'
import { speak } from './speech.ts'

interface Outcome {
  readonly exited: (code: number) => void
  readonly ready: (is: boolean) => void
}

interface Execution {
  readonly pod: Pod
  readonly container: RunningContainer
  /** It has been ready for long: its start is replayed, not seen. */
  readonly adopted: boolean
  /** Its image is for this kind of machine. */
  readonly runs: boolean
}

/** Runs the container's program, or does what the annotations say, until `container.stop` is another one or aborted. */
export function execute(
  { after, speed }: Context,
  workloads: Workloads,
  { pod, container, adopted, runs }: Execution,
  outcome: Outcome,
): void {
  const stop = new AbortController()
  container.stop = stop
  const mine = () => container.stop === stop
  const exit = (ms: number, code: number) => after(ms, () => mine() && outcome.exited(code))
  if (!runs) {
    container.log?.write(`exec /app/${container.spec.name}: exec format error`)
    return void exit(20, 1)
  }
  if (!adopted) speak(pod, container, after, stop.signal)
  const completes = note(pod, 'complete-after')
  if (container.init) {
    if (container.spec.restartPolicy !== 'Always')
      exit(duration(note(pod, 'init-after') ?? `${speed.ready}ms`), note(pod, 'init-fail') ? 1 : 0)
    return
  }
  const program = workloads.program?.(pod, container.spec.name)
  if (program) {
    const { log, env } = container
    let replayed = !adopted
    const ready = (is: boolean) => {
      if (is) replayed = true
      if (replayed && mine()) outcome.ready(is)
    }
    program({ pod, container: container.spec.name, env, adopted, log: (line) => log?.write(line), ready, signal: stop.signal }).then(
      (code) => mine() && outcome.exited(code),
      (error: unknown) => {
        log?.write(error instanceof Error ? error.message : String(error))
        if (mine()) outcome.exited(1)
      },
    )
    return
  }
  if (note(pod, 'crash')) exit(50, 1)
  else if (ownerOf(pod)?.kind === 'Job' || completes || note(pod, 'fail'))
    exit(completes ? duration(completes) : speed.jobComplete, note(pod, 'fail') ? 1 : 0)
  if (note(pod, 'never-ready') || note(pod, 'crash') || adopted) return
  after(duration(note(pod, 'ready-after') ?? `${speed.ready}ms`), () => mine() && outcome.ready(true))
}
