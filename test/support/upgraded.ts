import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** Somebody has brought one server to a release of k3s, as cluster:upgrade leaves it: its kubelet says so. */
export const runK3s = async (sandbox: Sandbox, alias: string, version: string): Promise<void> => {
  const { path } = sandbox.nodes.node(alias)
  const folder = join(sandbox.dir, 'nodes', alias, 'root/usr/local/bin')
  const env = { PATH: path, USER: 'root' }
  const url = `https://github.com/k3s-io/k3s/releases/download/${encodeURIComponent(version)}/k3s`
  copyFileSync(join(folder, 'k3s'), join(folder, 'k3s-v1.34.6+k3s1'))
  for (const name of ['k3s', `k3s-${version}`]) {
    execFileSync('curl', ['-fsSL', '-o', join(folder, name), url], { env })
    execFileSync('chmod', ['755', join(folder, name)])
  }
  execFileSync('systemctl', ['restart', 'k3s'], { env })
  const { hostname } = nodes.find((node) => node.alias === alias) ?? { hostname: '' }
  const reported = () => {
    const found = sandbox.kubernetes.client.get({ group: '', resource: 'nodes' }, hostname)
    return (found?.['status'] as { readonly nodeInfo?: { readonly kubeletVersion?: string } } | undefined)?.nodeInfo?.kubeletVersion
  }
  for (let round = 0; reported() !== version && round < 500; round++) await systemClock.sleep(20)
}
