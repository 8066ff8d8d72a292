import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, vi } from 'vitest'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { rotate } from '../../../src/lib/procedures/cert/rotate.ts'
import { apiHost, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { throughEdge } from '../../support/through-edge.ts'
import { useSandbox } from '../../support/worlds.ts'

export const input = { validity: '90', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }

/** A clock on which waiting takes no time: what does not come to hold is given up at once. */
export const soon = (): Clock => {
  let passed = 0
  return {
    now: () => new Date(Date.now() + passed),
    sleep: async (ms) => {
      passed += ms * 20
      await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

/** A sandbox in which rotations are carried out, and what a test looks at of it. */
export const useRotation = () => {
  vi.setConfig({ testTimeout: 300_000 })
  const sandbox = useSandbox({ speed: { reloadMs: 30, keepAliveMs: 0 } })
  let close = async () => {}
  afterEach(() => close())

  const opened = () => {
    const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
    close = systems.close
    return systems
  }
  const context = () => contextOf(sandbox().environment)
  const run = (systems: ReturnType<typeof openSystems>, clock: Clock = systemClock) => runOf(systems, rotate.needs, { clock })
  const file = (name: string) => join(sandbox().dir, 'checkout/deploy-k3s/secrets', `cloudflare-origin.${name}`)
  const current = () => readFileSync(file('crt'), 'utf8')
  const secret = () => {
    const found = sandbox().kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
    const data = (found?.data ?? {}) as Record<string, string>
    return Buffer.from(data['tls.crt'] ?? '', 'base64').toString()
  }
  const oneHost = () => {
    for (const name of ['admin', 'web'])
      sandbox().kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, name, namespace)
  }
  const valid = () =>
    sandbox()
      .cloudflare.state.certificates.filter(({ revokedAt }) => !revokedAt)
      .map(({ listed }) => listed.certificate)
  const health = async () => (await throughEdge(sandbox(), apiHost, '/api/health/')).status
  return { sandbox, opened, context, run, file, current, secret, oneHost, valid, health }
}
