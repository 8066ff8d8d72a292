import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import type { Program } from '../../../src/lib/sandbox/kubernetes/types.ts'

export interface World {
  readonly kubeconfig: string
  readonly folder: string
  reset(): void
  stop(): Promise<void>
}

/** Writes three lines, the last as long after the others as it takes, and goes on until it is stopped. */
const web: Program = async (run) => {
  run.log(`mode ${run.env['MODE']}`)
  run.log('listening on :8000')
  run.ready(true)
  const later = setTimeout(() => run.log('served'), 300)
  await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve(), { once: true }))
  clearTimeout(later)
  return 0
}

/** A cluster of three nodes with an administrator, a viewer and the files that the transcripts name. */
export async function startWorld(files: Readonly<Record<string, string>>): Promise<World> {
  const echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const { port } = echo.address() as AddressInfo
  const authority = createAuthority('kubernetes')
  const server = await startKubernetes({
    authority,
    speed: { ready: 150, terminate: 50, jobComplete: 150 },
    nodes: ['one', 'two', 'three'].map((name) => ({ name, address: '127.0.0.1', up: () => true })),
    workloads: {
      program: (pod) =>
        pod.metadata.labels?.['app'] === 'web' && !pod.metadata.annotations?.['honeydue.test/never-ready'] ? web : undefined,
      reach: (_, to) => (to === 8000 ? { host: '127.0.0.1', port } : undefined),
    },
  })
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
  const cluster = { server: server.url, ca: authority.certificate }
  const user = (name: string, group: string) =>
    writeFile(join(folder, `${name}.yaml`), kubeconfig(cluster, name, authority.issue({ commonName: name, organizations: [group] })))
  await Promise.all([
    user('admin', 'system:masters'),
    user('viewer', 'viewers'),
    ...Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)),
  ])
  server.settle([])
  const empty = server.snapshot()
  return {
    kubeconfig: join(folder, 'admin.yaml'),
    folder,
    reset: () => server.restore(empty),
    stop: async () => {
      await server.stop()
      echo.close()
      await rm(folder, { recursive: true })
    },
  }
}
