import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import type { Program } from '../../../src/lib/sandbox/kubernetes/types.ts'
import type { ContractCase, ContractWorld } from '../contract.ts'
import { check, scenarios } from './run.mjs'

/** A control plane, by the kubeconfig of its administrator. */
export interface KubernetesWorld extends ContractWorld {
  readonly kubeconfig: string
}

/** Each scenario works in a namespace of its own; every call must answer as a real control plane did when it was recorded. */
const caseOf = (name: string): ContractCase<KubernetesWorld> => ({
  name,
  expected: { differences: [], unasked: 0, stopped: undefined },
  give: async (world) => {
    const { seen, recorded, stopped } = await check(name, world.kubeconfig)
    return { differences: seen.filter(({ differences }) => differences.length > 0), unasked: recorded - seen.length, stopped }
  },
})
// They take nodes away and count them: no other may run beside them.
const ofNodes = new Set(['cordon', 'daemonsets', 'drain', 'node-lifecycle'])
export const kubernetesCases = scenarios.filter((name) => !ofNodes.has(name)).map(caseOf)
export const nodeCases = scenarios.filter((name) => ofNodes.has(name)).map(caseOf)

/** A container that says something, for who reads its log. */
const speaks: Program = async (run) => {
  run.log('Acquiring migration advisory lock...')
  run.log('listening on :8000')
  run.ready(true)
  await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve(), { once: true }))
  return 0
}

export const sandboxKubernetes = async (): Promise<KubernetesWorld> => {
  const authority = createAuthority('kubernetes')
  const nodes = ['one', 'two', 'three'].map((name) => ({ name, address: '127.0.0.1', up: () => true }))
  const server = await startKubernetes({
    authority,
    nodes,
    speed: { nodeGrace: 8_000 },
    workloads: { program: (pod) => (pod.metadata.name === 'speaks' ? speaks : undefined) },
  })
  const dir = await mkdtemp(join(tmpdir(), 'contract-'))
  const write = (user: string, group: string) =>
    writeFile(
      join(dir, `${user}.yaml`),
      kubeconfig({ server: server.url, ca: authority.certificate }, user, authority.issue({ commonName: user, organizations: [group] })),
    )
  await write('admin', 'system:masters')
  await write('viewer', 'viewers')
  return {
    kubeconfig: join(dir, 'admin.yaml'),
    reset: async () => {},
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true })
    },
  }
}
