import { hostname } from 'node:os'
import type { Clock } from '../../clock.ts'
import { Moved } from '../../errors.ts'
import type { KubeObject } from '../../kube-objects.ts'
import { scrubbed } from '../../secret.ts'
import { pathOf } from './kinds.ts'
import type { LeaseRecord, LeaseStore, Told } from './lease-store.ts'
import type { KubeClient } from './request.ts'
import { isOfKind } from './shape.ts'

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null
    readonly leaseTransitions?: number | null
    readonly leaseDurationSeconds?: number | null
    readonly acquireTime?: string | null
    readonly renewTime?: string | null
  }
}

const prefix = 'honeydue.dev/'
const asked = `${prefix}asked-by`
const kinds = ['run', 'line', 'step'] as const

/** Six fractional digits: the API server refuses a time of a lease with three. */
const micro = (at: Date): string => at.toISOString().replace('Z', '000Z')

const recordOf = ({ metadata, spec }: Lease): LeaseRecord => {
  const time = (text: string | null | undefined) => (text ? new Date(text) : undefined)
  const told = Object.fromEntries(
    kinds.flatMap((kind) => (metadata.annotations?.[prefix + kind] ? [[kind, metadata.annotations[prefix + kind]]] : [])),
  )
  return {
    // An empty holder is none: a lease that was released.
    holder: spec?.holderIdentity || undefined,
    epoch: spec?.leaseTransitions ?? 0,
    seconds: spec?.leaseDurationSeconds ?? 30,
    since: time(spec?.acquireTime),
    renewed: time(spec?.renewTime),
    told,
    askedBy: metadata.annotations?.[asked],
    uid: metadata.uid ?? '',
    version: metadata.resourceVersion ?? '',
  }
}

const annotations = (told: Told) =>
  Object.fromEntries(kinds.flatMap((kind) => (told[kind] === undefined ? [] : [[prefix + kind, scrubbed(told[kind])]])))

/** Where one of them stands, for a JSON Patch: others write beside it. */
const pathTo = (name: string): string => `/metadata/annotations/${name.replaceAll('/', '~1')}`

/** Whether the write was carried out: false where the object is not as it was thought to be. */
const carriedOut = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof Moved) return false
    throw error
  }
}

/** The operators' lease as a Kubernetes Lease in the application's namespace. It has a connection of its own, which no Ctrl-C cuts. */
export const kubeLeases = (
  client: KubeClient,
  { namespace, name, clock }: { readonly namespace: string; readonly name: string; readonly clock: Clock },
): LeaseStore => {
  const path = pathOf('Lease', namespace, name)
  const patch = (body: readonly object[]) =>
    carriedOut(client.write({ method: 'PATCH', path, contentType: 'application/json-patch+json', body }))
  const ours = (holder: string, epoch: number) => [
    { op: 'test', path: '/spec/holderIdentity', value: holder },
    { op: 'test', path: '/spec/leaseTransitions', value: epoch },
  ]
  let count = 0
  const read = async () => {
    const found = await client.get<Lease>(path, (one) => isOfKind('Lease', one))
    return found && recordOf(found)
  }
  return {
    name: `Lease ${namespace}/${name}`,
    read,
    take: (over, { holder, epoch, seconds, told }) => {
      const now = micro(clock.now())
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name,
          namespace,
          annotations: { ...annotations(told), [`${prefix}epoch`]: String(epoch) },
          ...(over && { resourceVersion: over.version, uid: over.uid }),
        },
        spec: { holderIdentity: holder, leaseDurationSeconds: seconds, leaseTransitions: epoch, acquireTime: now, renewTime: now },
      }
      return carriedOut(client.write(over ? { method: 'PUT', path, body } : { method: 'POST', path: pathOf('Lease', namespace), body }))
    },
    renew: async ({ holder, epoch }, told) => {
      const renewed = [...ours(holder, epoch), { op: 'replace', path: '/spec/renewTime', value: micro(clock.now()) }]
      const said = Object.entries(annotations(told))
      if (await patch([...renewed, ...said.map(([name, value]) => ({ op: 'add', path: pathTo(name), value }))])) return true
      const found = await read()
      if (found?.holder !== holder || found.epoch !== epoch) return false
      // It is ours: somebody took every annotation away, and there is no place to add one to.
      return patch([
        { op: 'test', path: '/metadata/resourceVersion', value: found.version },
        ...renewed,
        { op: 'add', path: '/metadata/annotations', value: Object.fromEntries(said) },
      ])
    },
    ask: async ({ holder, epoch }, by) =>
      patch([
        ...ours(holder, epoch),
        by === undefined ? { op: 'remove', path: pathTo(asked) } : { op: 'add', path: pathTo(asked), value: by },
      ]),
    release: ({ holder, epoch }) => patch([...ours(holder, epoch), { op: 'remove', path: '/spec/holderIdentity' }]),
    event: async (reason, message) => {
      const now = clock.now()
      const lease = await read()
      const body = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${name}.${now.getTime().toString(16)}${process.pid.toString(16)}${(count++).toString(16)}`, namespace },
        involvedObject: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name, ...(lease && { uid: lease.uid }) },
        reason,
        message: scrubbed(message).slice(0, 1000),
        type: 'Normal',
        action: reason,
        eventTime: micro(now),
        firstTimestamp: now.toISOString().replace(/\.\d+/, ''),
        lastTimestamp: now.toISOString().replace(/\.\d+/, ''),
        count: 1,
        source: { component: 'honeydue', host: hostname() },
        reportingComponent: 'honeydue.dev/cli',
        reportingInstance: hostname(),
      }
      await client.write({ method: 'POST', path: pathOf('Event', namespace), body })
    },
  }
}
