import { afterEach, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { startApiServer } from '../../../src/lib/sandbox/kubernetes/api-server.ts'
import type { KubernetesSandbox, StoreEvent } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { olderAutoscaler } from '../../../src/lib/sandbox/kubernetes/writing/autoscaler-form.ts'

const idle = () => ({
  log: () => {},
  connect: () => {},
  evict: () => {},
  settle: () => {},
  halt: () => {},
  reset: () => {},
  stop: () => {},
})
const running: KubernetesSandbox[] = []
const start = async () => {
  const server = await startApiServer({ authority: createAuthority('kubernetes'), nodes: [] }, idle)
  running.push(server)
  return server
}
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

const configMaps = { group: '', resource: 'configmaps' }
const map = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

it('goes back to a snapshot, whatever was changed since', async () => {
  const { client, snapshot, restore } = await start()
  client.create(map('settings', { DB_HOST: 'a' }))
  const before = snapshot()
  client.update(configMaps, 'settings', 'default', (draft) => {
    draft['data'] = { DB_HOST: 'b' }
  })
  client.create(map('other', {}))
  restore(before)
  expect(client.get(configMaps, 'settings', 'default')?.['data']).toEqual({ DB_HOST: 'a' })
  expect(client.get(configMaps, 'other', 'default')).toBeUndefined()
})

it('tells its watchers of every change in order, also of those that watchers make', async () => {
  const { client } = await start()
  const seen: string[] = []
  client.watch(({ type, object, resource }: StoreEvent) => {
    if (resource.resource !== 'configmaps') return
    seen.push(`${type} ${object.metadata.name}`)
    if (type === 'ADDED' && object.metadata.name === 'first') client.create(map('second', {}))
  })
  client.create(map('first', {}))
  client.delete(configMaps, 'first', 'default')
  expect(seen).toEqual(['ADDED first', 'ADDED second', 'DELETED first'])
})

it('keeps an object until its last finalizer is gone', async () => {
  const { client } = await start()
  client.create({ ...map('held', {}), metadata: { name: 'held', namespace: 'default', finalizers: ['honeydue.test/hold'] } })
  client.delete(configMaps, 'held', 'default')
  expect(client.get(configMaps, 'held', 'default')?.metadata.deletionTimestamp).toBeDefined()
  client.update(configMaps, 'held', 'default', (draft) => {
    draft.metadata.finalizers = []
  })
  expect(client.get(configMaps, 'held', 'default')).toBeUndefined()
})

it('names who owns a value after an update', async () => {
  const { client } = await start()
  client.create(map('settings', { DB_HOST: 'a', DB_PORT: '1' }), { manager: 'kubectl' })
  client.update(
    configMaps,
    'settings',
    'default',
    (draft) => {
      Object.assign(draft['data'] as object, { DB_HOST: 'b' })
    },
    {
      manager: 'honeydue',
    },
  )
  const owners = client.get(configMaps, 'settings', 'default')?.metadata.managedFields as { manager: string; fieldsV1: unknown }[]
  expect(owners.find(({ manager }) => manager === 'honeydue')?.fieldsV1).toEqual({ 'f:data': { 'f:DB_HOST': {} } })
})

it('takes and shows an autoscaler in the older form too, as kubectl autoscale writes it', async () => {
  const { client } = await start()
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 4 }
  const sent = { ...spec, targetCPUUtilizationPercentage: 80 }
  const metadata = { name: 'web', namespace: 'default' }
  client.create({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata, spec: sent })
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }
  const stored = client.get({ group: 'autoscaling', resource: 'horizontalpodautoscalers' }, 'web', 'default')
  expect(stored).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { ...spec, metrics: [cpu] } })
  expect(stored && olderAutoscaler(stored)).toMatchObject({ apiVersion: 'autoscaling/v1', spec: sent })
})
