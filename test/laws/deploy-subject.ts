import { systemClock } from '../../src/lib/clock.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import type { SandboxOptions } from '../../src/lib/sandbox/sandbox.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

const deployments = { group: 'apps', resource: 'deployments' }
const pods = { group: '', resource: 'pods' }

/** The workloads of a sandbox as the laws of deploy:… look at them, and ways to change them. */
export const deploySubject = (options: SandboxOptions & { readonly ages?: boolean } = {}) => {
  const sandbox = useSandbox({ ...options, speed: { ready: 1, terminate: 1 } })
  const { systems, close } = useSystems(sandbox)
  const client = () => sandbox().kubernetes.client
  const list = () => client().list(deployments, { namespace })
  /** Waits until no pod comes or goes. */
  const steady = async () => {
    let before = ''
    for (let round = 0, same = 0; round < 300 && same < 15; round++) {
      const all = client().list(pods, { namespace })
      const wanted = list().reduce((sum, { spec }) => sum + (spec as { replicas: number }).replicas, 0)
      const ready = all.filter(({ metadata, status }) => {
        const { conditions = [] } = status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
        return metadata.deletionTimestamp === undefined && conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
      })
      if (ready.length === all.length && all.length === wanted) return
      // What does not come to be ready is steady as well, when nothing moves any more.
      const now = `${all.map(({ metadata }) => metadata.name).join()} ${ready.length}`
      same = now === before ? same + 1 : 0
      before = now
      await systemClock.sleep(20)
    }
  }
  return {
    sandbox,
    close,
    change: (name: string, edit: (draft: Record<string, unknown> & { metadata: { annotations?: Record<string, string> } }) => void) =>
      client().update(deployments, name, namespace, (draft) => edit(draft as never)),
    subject: {
      systems,
      environment: () => sandbox().environment,
      observe: async () => {
        await steady()
        const all = client().list(pods, { namespace })
        return list().map(({ metadata, spec }) => {
          const own = all.filter((pod) => pod.metadata.labels?.['app.kubernetes.io/name'] === metadata.name)
          // The deployment was born months ago: what started today was started by us.
          const young = own.filter(
            ({ status }) => Date.parse(String((status as { startTime?: string }).startTime)) > Date.now() - 3_600_000,
          )
          const { replicas, paused, template } = spec as { replicas: number; paused?: boolean; template: { spec: unknown } }
          return [
            metadata.name,
            replicas,
            metadata.annotations?.['honeydue.dev/replicas'],
            own.length,
            options.ages ? young.length : '',
            paused ?? false,
            template.spec,
          ]
        })
      },
      reset: async () => {
        await close()
        await sandbox().reset()
      },
      planted: plantedValues,
    },
  }
}
