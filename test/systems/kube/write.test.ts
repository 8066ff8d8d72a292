import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Failed, Moved, Unreachable } from '../../../src/lib/errors.ts'
import { replicasNote } from '../../../src/lib/notes.ts'
import { hosts, namespace, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { kubeSystem } from '../../../src/lib/systems/kube/kube.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const opened: ReturnType<typeof kubeSystem>[] = []
const open = (kubeconfig = 'admin.kubeconfig') => {
  const kube = kubeSystem({
    kubeconfigs: [join(sandbox().dir, kubeconfig)],
    controlPlane: nodes.map(({ address }) => address),
    hostaddr: sandbox().environment.hostaddr,
    clock: systemClock,
    timeout: 2000,
  })
  opened.push(kube)
  return kube
}
afterEach(async () => {
  for (const kube of opened.splice(0)) await kube.close()
})

const host = { namespace, name: 'honeydue-config', key: 'DB_HOST', from: hosts.pooler, to: hosts.direct }

test('sets a value of a ConfigMap that is as planned, once, as honeydue', async () => {
  const kube = open()
  await kube.write.setConfigMapValue(host)
  const found = await kube.read.get('ConfigMap', host.name, namespace)
  expect(found?.data?.DB_HOST).toBe(hosts.direct)
  expect(found?.metadata.managedFields?.find(({ manager }) => manager === 'honeydue')?.fieldsV1).toMatchObject({
    'f:data': { 'f:DB_HOST': {} },
  })
  await expect(kube.write.setConfigMapValue(host)).rejects.toBeInstanceOf(Moved)
})

test('a rehearsal is answered by the server, and changes nothing', async () => {
  const kube = open()
  await kube.rehearse?.setConfigMapValue?.(host)
  expect((await kube.read.configMap(namespace, host.name))?.DB_HOST).toBe(hosts.pooler)
  await expect(kube.rehearse?.setConfigMapValue?.({ ...host, from: 'another' })).rejects.toBeInstanceOf(Moved)
  await expect(open('viewer.kubeconfig').rehearse?.setConfigMapValue?.(host)).rejects.toMatchObject({ code: 'kube-forbidden' })
})

test('a Deployment that is scaled to nothing remembers its number until it is back', async () => {
  const { read, write } = open()
  const target = { namespace, name: 'worker' }
  const worker = () => read.get('Deployment', 'worker', namespace)
  await expect(write.scale({ ...target, from: 2, to: 0 })).rejects.toBeInstanceOf(Moved)
  await write.scale({ ...target, from: 1, to: 0 })
  expect((await worker())?.metadata.annotations?.[replicasNote]).toBe('1')
  expect(await read.gone({ namespace, labels: 'app.kubernetes.io/name=worker' }, 5000)).toBe(true)
  await write.scale({ ...target, from: 0, to: 1 })
  expect((await worker())?.metadata.annotations?.[replicasNote]).toBeUndefined()
  expect((await worker())?.spec.replicas).toBe(1)
})

test('what does not validate is a failure, and no moved world', async () => {
  await expect(open().write.scale({ namespace, name: 'worker', from: 1, to: -1 })).rejects.toBeInstanceOf(Failed)
})

test('a restart replaces the pods; their logs can be read', async () => {
  const { read, write } = open()
  const names = async () => (await read.pods({ namespace, labels: 'app.kubernetes.io/name=admin' })).map(({ metadata }) => metadata.name)
  const before = await names()
  await write.restart({ namespace, name: 'admin' })
  await expect.poll(async () => (await names()).some((name) => !before.includes(name)), { timeout: 5000 }).toBe(true)
  const [api] = await read.pods({ namespace, labels: 'app.kubernetes.io/name=api' })
  await write.restart({ namespace, name: 'worker' })
  expect(Array.isArray(await read.log({ namespace, pod: api?.metadata.name ?? '', tail: 5 }))).toBe(true)
})

test('reads go to another control-plane node when the kubeconfig names a server that does not answer', async () => {
  const text = readFileSync(join(sandbox().dir, 'admin.kubeconfig'), 'utf8')
  writeFileSync(join(sandbox().dir, 'dead.kubeconfig'), text.replace(/server: .*/, 'server: https://127.0.0.1:1'))
  const kube = open('dead.kubeconfig')
  expect(await kube.read.nodes()).toHaveLength(3)
  const { server, fellOver } = await kube.read.cluster()
  expect(fellOver).toBe(true)
  expect(nodes.map(({ address }) => `https://${address}:6443`)).toContain(server)
  await kube.write.setConfigMapValue(host)
  expect((await kube.read.configMap(namespace, host.name))?.DB_HOST).toBe(hosts.direct)
  const alone = kubeSystem({ kubeconfigs: [join(sandbox().dir, 'dead.kubeconfig')], controlPlane: [], clock: systemClock })
  opened.push(alone)
  await expect(alone.read.nodes()).rejects.toBeInstanceOf(Unreachable)
})
