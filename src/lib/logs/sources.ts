import { ownerOf } from '../facts/cluster/owner.ts'
import type { ContainerStatus, Pod } from '../systems/kube/types.ts'

/** One log: of a container as it runs now, or as it ran before its last restart. */
export interface Source {
  readonly namespace: string
  readonly pod: string
  /** By its hostname; '' while it is on none. */
  readonly node: string
  readonly container: string
  readonly kind: 'container' | 'init' | 'debug'
  readonly previous: boolean
  /** Whether its pod has other containers to be told from. */
  readonly oneOfMany: boolean
  /** Of one container of one pod, whichever run. */
  readonly id: string
  /** Of one run of it: how often it had been started again before. */
  readonly run: number
  /** Whether this run goes on, by the pod's status. */
  readonly runs: boolean
}

/** The names of workloads that these pods belong to, as they are typed. */
export const workloadNames = (pods: readonly Pod[]): readonly string[] =>
  [...new Set(pods.map((pod) => nameOf(ownerOf(pod))))].sort((a, b) => a.localeCompare(b))

const nameOf = (owner: string): string => owner.slice(owner.indexOf(' ') + 1)

/** The pods that a word means: those of the workload, Job or pod of that name, `deploy/api` too; all of them without a word. */
export const podsOf = (pods: readonly Pod[], word: string | undefined): readonly Pod[] => {
  if (word === undefined) return pods
  const [, kind = '', name = word] = /^([a-z.]+)\/(.+)$/i.exec(word) ?? []
  return pods.filter((pod) => {
    const owner = ownerOf(pod)
    if (pod.metadata.name === name) return kind === '' || /^po(ds?)?$/i.test(kind)
    return nameOf(owner) === name && isKind(kind, owner)
  })
}

/** `deploy`, `deployment` and `deployments` are all Deployments. */
const isKind = (typed: string, owner: string): boolean => {
  const kind = owner.slice(0, Math.max(0, owner.indexOf(' '))).toLowerCase()
  const short: Readonly<Record<string, string>> = { sts: 'statefulset', ds: 'daemonset', rs: 'replicaset' }
  const wanted = (typed.toLowerCase().split('.')[0] ?? '').replace(/s$/, '')
  return wanted === '' || kind.startsWith(short[typed.toLowerCase()] ?? wanted)
}

interface DebugContainers {
  readonly ephemeralContainers?: readonly { readonly name: string }[]
}

/** Every log of these pods, of containers that ran before too; with `previousOnly` of those alone. */
export const sourcesOf = (pods: readonly Pod[], { previousOnly }: { readonly previousOnly: boolean }): readonly Source[] =>
  pods.flatMap((pod) => {
    const { spec, status, metadata } = pod
    const told = (of: unknown) => (of ?? []) as readonly ContainerStatus[]
    const all = [
      ...(spec.initContainers ?? []).map(({ name }) => ({ name, kind: 'init' as const, from: told(status.initContainerStatuses) })),
      ...spec.containers.map(({ name }) => ({ name, kind: 'container' as const, from: told(status.containerStatuses) })),
      ...((spec as DebugContainers).ephemeralContainers ?? []).map(({ name }) => ({
        name,
        kind: 'debug' as const,
        from: told((status as Record<string, unknown>)['ephemeralContainerStatuses']),
      })),
    ]
    return all.flatMap(({ name, kind, from }): readonly Source[] => {
      const found = from.find((one) => one.name === name)
      const restarts = found?.restartCount ?? 0
      const source = (previous: boolean): Source => ({
        namespace: metadata.namespace ?? '',
        pod: metadata.name,
        node: spec.nodeName ?? '',
        container: name,
        kind,
        previous,
        oneOfMany: all.length > 1,
        id: [metadata.uid ?? metadata.name, name].join('/'),
        run: previous ? restarts - 1 : restarts,
        runs: !previous && found?.state?.running !== undefined,
      })
      // What has not begun has written nothing: there is nothing to ask for.
      const began = found === undefined || found.state?.waiting === undefined || restarts > 0
      return [...(restarts > 0 ? [source(true)] : []), ...(previousOnly || !began ? [] : [source(false)])]
    })
  })

/** Why a pod has no log yet: what its containers wait for. */
export const waitsFor = ({ status }: Pod): string | undefined =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].flatMap(({ state }) => state?.waiting?.reason ?? [])[0]
