import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { connect } from '../../contract/kubernetes/client.mjs'
import type { KubernetesWorld } from '../../contract/kubernetes/world.ts'
import { answering, freePort, type Running, startServer } from '../processes.ts'

/** All parts in one program, by its first word: `control-plane/main.go`. */
const program = '/usr/local/lib/honeydue-real/control-plane'
type Part = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok'

/** Whether test/real/install.sh has built one on this machine. */
export const hasControlPlane = (): boolean => existsSync(program)

/** The size and state of a node are kwok's to say; what a real one is labelled with at its registration is here. */
const named = (name: string): NodeNamed => ({
  name,
  labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
})
interface NodeNamed {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Starts kube-apiserver, controller manager and scheduler of 1.34 on loopback, over etcd; kwok plays the kubelets of three nodes. All end with us. */
export const startControlPlane = async (nodes: readonly NodeNamed[] = ['one', 'two', 'three'].map(named)): Promise<KubernetesWorld> => {
  const cwd = await mkdtemp(join(tmpdir(), 'control-plane-'))
  const running: Running[] = []
  const stop = async () => {
    for (const one of running.reverse()) await one.stop()
    await rm(cwd, { recursive: true, force: true })
  }
  const run = async (part: Part, options: Readonly<Record<string, string | number | boolean>>) => {
    const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
    running.push(await startServer(program, [part, ...words], { cwd }))
  }
  try {
    const [etcd, peer, api, manager, scheduler, kubelet] = await Promise.all(Array.from({ length: 6 }, freePort))
    const authority = createAuthority('kubernetes-ca')
    const pair = async (name: string, request: Parameters<typeof authority.issue>[0]) => {
      const { certificate, key } = authority.issue(request)
      await Promise.all([writeFile(join(cwd, `${name}.crt`), certificate), writeFile(join(cwd, `${name}.key`), key)])
    }
    const user = (name: string, group: string) =>
      writeFile(
        join(cwd, `${name}.yaml`),
        kubeconfig(
          { server: `https://127.0.0.1:${api}`, ca: authority.certificate },
          name,
          authority.issue({ commonName: name, organizations: [group] }),
        ),
      )
    const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' })
    const log = ['Acquiring migration advisory lock...', 'listening on :8000']
    const stages = await readFile(new URL('control-plane/kwok.yaml', import.meta.url), 'utf8')
    await mkdir(join(cwd, 'run'))
    await Promise.all([
      writeFile(join(cwd, 'ca.crt'), authority.certificate),
      writeFile(join(cwd, 'ca.key'), authority.key),
      writeFile(join(cwd, 'accounts.key'), accounts),
      writeFile(join(cwd, 'pod.log'), log.map((line, at) => `2026-01-01T00:00:0${at}Z stdout F ${line}\n`).join('')),
      writeFile(join(cwd, 'kwok.yaml'), stages.replace('LOGS_FILE', join(cwd, 'pod.log'))),
      pair('apiserver', { commonName: 'kube-apiserver', names: ['localhost', 'kubernetes.default.svc'], addresses: ['127.0.0.1'] }),
      pair('client', { commonName: 'apiserver-kubelet', organizations: ['system:masters'] }),
      pair('kubelet', { commonName: 'kubelet', names: ['localhost'], addresses: ['127.0.0.1'] }),
      user('admin', 'system:masters'),
      user('viewer', 'viewers'),
    ])
    const store = `http://127.0.0.1:${etcd}`
    await run('etcd', {
      'data-dir': join(cwd, 'etcd'),
      'listen-client-urls': store,
      'advertise-client-urls': store,
      'listen-peer-urls': `http://127.0.0.1:${peer}`,
      'unsafe-no-fsync': true,
    })
    await run('kube-apiserver', {
      'etcd-servers': store,
      'secure-port': api ?? 0,
      'bind-address': '127.0.0.1',
      'advertise-address': '10.0.0.1',
      'cert-dir': join(cwd, 'run'),
      'tls-cert-file': 'apiserver.crt',
      'tls-private-key-file': 'apiserver.key',
      'client-ca-file': 'ca.crt',
      'authorization-mode': 'Node,RBAC',
      'kubelet-client-certificate': 'client.crt',
      'kubelet-client-key': 'client.key',
      'kubelet-certificate-authority': 'ca.crt',
      'kubelet-preferred-address-types': 'InternalDNS',
      'service-account-key-file': 'accounts.key',
      'service-account-signing-key-file': 'accounts.key',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-cluster-ip-range': '10.43.0.0/16',
      'allow-privileged': true,
    })
    const admin = join(cwd, 'admin.yaml')
    const server = connect(admin)
    try {
      const ready = async () => {
        const { status } = await server.admin('GET', '/readyz')
        if (status !== 200) throw new Error(`/readyz: ${status}`)
      }
      await answering(ready, 'kube-apiserver', 1200)
      const alone = { kubeconfig: admin, 'leader-elect': false, 'bind-address': '127.0.0.1' }
      await run('kube-controller-manager', {
        ...alone,
        'secure-port': manager ?? 0,
        'use-service-account-credentials': true,
        'service-account-private-key-file': 'accounts.key',
        'root-ca-file': 'ca.crt',
        'cluster-signing-cert-file': 'ca.crt',
        'cluster-signing-key-file': 'ca.key',
      })
      await run('kube-scheduler', { ...alone, 'secure-port': scheduler ?? 0 })
      await run('kwok', {
        kubeconfig: admin,
        'manage-all-nodes': false,
        'manage-nodes-with-label-selector': '!honeydue.test/unmanaged',
        'node-ip': '127.0.0.1',
        'node-port': kubelet ?? 0,
        'server-address': `127.0.0.1:${kubelet}`,
        'tls-cert-file': 'kubelet.crt',
        'tls-private-key-file': 'kubelet.key',
        'node-lease-duration-seconds': 40,
        config: 'kwok.yaml',
      })
      for (const metadata of nodes) await server.admin('POST', '/api/v1/nodes', { body: { apiVersion: 'v1', kind: 'Node', metadata } })
      const reporting = async () => {
        const { body } = await server.admin('GET', '/api/v1/nodes')
        if (!everyReady(body)) throw new Error('a node is not ready')
      }
      await answering(reporting, 'the kubelets', 1200)
    } finally {
      server.close()
    }
    return { kubeconfig: admin, reset: async () => {}, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Nodes {
  readonly items: readonly {
    readonly spec: { readonly taints?: readonly unknown[] }
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }[]
}
const everyReady = (list: unknown): boolean =>
  (list as Nodes).items.every(
    ({ spec, status }) => !spec.taints && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  )
