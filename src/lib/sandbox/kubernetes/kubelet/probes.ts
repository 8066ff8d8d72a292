import type { Container, Pod, Probe } from '../controllers/objects.ts'
import type { Workloads } from '../types.ts'

/** A probe that does not pass, with the status that its path gave. */
export interface FailingProbe {
  readonly kind: 'Startup' | 'Readiness'
  readonly status: number
  /** After how many milliseconds the container is ended for it; undefined where it only stays unready. */
  readonly endsAfter: number | undefined
}

/** The first probe over HTTP whose path the container's server does not answer well: until the startup probe passes, no other is asked. */
export function failingProbe(workloads: Workloads, pod: Pod, container: Container): FailingProbe | undefined {
  const of = (kind: FailingProbe['kind'], probe: Probe | undefined): FailingProbe | undefined => {
    const path = probe?.httpGet && (probe.httpGet.path ?? '/')
    const status = path === undefined ? undefined : workloads.answers?.(pod, container.name, path)
    if (probe === undefined || status === undefined || (status >= 200 && status < 400)) return undefined
    const { failureThreshold = 3, periodSeconds = 10 } = probe
    return { kind, status, endsAfter: kind === 'Startup' ? failureThreshold * periodSeconds * 1000 : undefined }
  }
  return of('Startup', container.startupProbe) ?? of('Readiness', container.readinessProbe)
}
