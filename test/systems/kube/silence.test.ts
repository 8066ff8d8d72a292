import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createSecure } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import type { KubernetesSandbox } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { kubeSystem } from '../../../src/lib/systems/kube/kube.ts'

const authority = createAuthority('kubernetes')
const administrator = authority.issue({ commonName: 'admin', organizations: ['system:masters'] })
let api: KubernetesSandbox
let dir: string
const servers: Server[] = []
beforeAll(async () => {
  api = await startKubernetes({ authority, nodes: [{ name: 'one', address: '10.0.0.2', up: () => true }] })
  dir = mkdtempSync(join(tmpdir(), 'silence-'))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true })
  await api.stop()
})

/** A port where `meet` is what becomes of a connection. */
const listening = (meet: (socket: Socket) => void): Promise<number> =>
  new Promise((resolve) => {
    const open = new Set<Socket>()
    const server = createServer((socket) => {
      open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)))
      meet(socket)
    })
    server.on('close', () => {
      for (const socket of open) socket.destroy()
    })
    const close = server.close.bind(server)
    server.close = (done) => {
      for (const socket of open) socket.destroy()
      return close(done)
    }
    servers.push(server)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

/** The administrator's kubeconfig, with the server at this port. */
const at = (port: number): string => {
  const path = join(dir, `at-${port}`)
  writeFileSync(path, kubeconfig({ server: `https://127.0.0.1:${port}`, ca: authority.certificate }, 'admin', administrator))
  return path
}

const open = (port: number, more: Partial<Parameters<typeof kubeSystem>[0]> = {}) =>
  kubeSystem({ kubeconfigs: [at(port)], controlPlane: [], clock: systemClock, timeout: 400, ...more })

test('a long list is asked for compressed, and read whole', async () => {
  const text = 'n'.repeat(1000)
  for (let at = 0; at < 300; at++)
    api.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `long-${at}`, namespace: 'default' }, data: { text } })
  let came = 0
  const port = await listening((socket) => {
    const through = createConnection(api.port, '127.0.0.1')
    servers.push({ close: () => through.destroy() } as unknown as Server)
    through.on('data', (chunk) => {
      came += chunk.length
    })
    through.on('error', () => socket.destroy())
    socket.pipe(through).pipe(socket)
  })
  const kube = open(port, { timeout: 20_000 })
  const found = await kube.read.list('ConfigMap', { namespace: 'default' })
  expect(found.filter(({ data }) => data?.text === text)).toHaveLength(300)
  expect(came).toBeLessThan(100_000)
  await kube.close()
})

test('a handshake that stalls is silence', async () => {
  const kube = open(await listening(() => {}))
  await expect(kube.read.nodes()).rejects.toMatchObject({ code: 'kube-silent' })
  await kube.close()
})

test('a body that comes blank after blank ends with the limit too', async () => {
  const identity = authority.issue({ commonName: 'kube-apiserver', addresses: ['127.0.0.1'] })
  const drips = new Set<NodeJS.Timeout>()
  const server = createSecure({ cert: identity.certificate, key: identity.key }, (client) => {
    client
      .on('error', () => {})
      .once('data', () => {
        client.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n')
        drips.add(setInterval(() => client.write('1\r\n \r\n'), 50))
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const kube = open((server.address() as AddressInfo).port)
  await expect(kube.read.nodes()).rejects.toMatchObject({ code: 'kube-silent', likely: expect.stringContaining('began to answer') })
  await kube.close()
  for (const drip of drips) clearInterval(drip)
  server.close()
})

test('a server that says nothing is raced by another control-plane node, which answers from then on', async () => {
  const kube = open(await listening(() => {}), {
    timeout: 4000,
    controlPlane: ['10.0.0.2'],
    hostaddr: { '10.0.0.2:6443': `127.0.0.1:${api.port}` },
  })
  expect(await kube.read.nodes()).toHaveLength(1)
  expect(await kube.read.cluster()).toMatchObject({ server: 'https://10.0.0.2:6443', fellOver: true })
  await kube.close()
})

test('one connection that stalls costs its race, not the answer', async () => {
  let first = true
  const kube = open(
    await listening((client) => {
      if (first) {
        first = false
        return
      }
      const there = createConnection(api.port)
      client.pipe(there).pipe(client)
      there.on('error', () => client.destroy())
      client.on('close', () => there.destroy())
    }),
    { timeout: 4000 },
  )
  expect(await kube.read.nodes()).toHaveLength(1)
  await kube.close()
})

test('after one question that nobody answered, the next ones wait no longer than it takes to know', async () => {
  const kube = open(await listening(() => {}))
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => kube.read.nodes()))
  expect(new Set(outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'answered')))).toEqual(new Set(['kube-silent']))
  await kube.close()
})

test('however many questions hang on one signal, Node has nothing to warn of', async () => {
  const warnings: string[] = []
  const heard = ({ name }: Error) => warnings.push(name)
  process.on('warning', heard)
  const ending = new AbortController()
  const kube = open(await listening(() => {}), { signal: ending.signal })
  await Promise.allSettled(Array.from({ length: 30 }, () => kube.read.nodes()))
  await kube.close()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', heard)
  expect(warnings).toEqual([])
})

test('a request to stop ends a question that nobody answers', async () => {
  const ending = new AbortController()
  const kube = open(await listening(() => ending.abort(new Error('enough'))), { signal: ending.signal, timeout: 20_000 })
  await expect(kube.read.nodes()).rejects.toThrow()
  await kube.close()
})
