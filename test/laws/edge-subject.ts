import { afterAll, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import type { SandboxOptions } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { useSandbox } from '../support/worlds.ts'

export const api = 'api.myhoneydue.com'
const admin = 'admin.myhoneydue.com'

// Each look is a dozen programs on three nodes, and law 3 looks dozens of times.
vi.setConfig({ testTimeout: 240_000 })

/** The edge of a sandbox under the laws, with two public names: enough for one to be done and the other not. `afresh`: what a connection remembers is no part of the world. */
export const useEdge = ({ afresh = false, speed = {} }: { readonly afresh?: boolean; readonly speed?: SandboxOptions['speed'] } = {}) => {
  const sandbox = useSandbox({ speed: { keepAliveMs: 0, reloadMs: 20, ...speed } })
  let systems: ReturnType<typeof openSystems> | undefined
  const close = async () => {
    await systems?.close()
    systems = undefined
  }
  afterAll(close)
  const state = () => sandbox().cloudflare.state
  const environment = (): Environment => ({
    ...sandbox().environment,
    cloudflare: { ...sandbox().environment.cloudflare, names: [api, admin] },
  })
  return {
    sandbox,
    state,
    environment,
    subject: {
      systems: () => {
        systems ??= openSystems(environment(), systemClock, new AbortController().signal)
        return systems
      },
      environment,
      // Without ids and times; the rules in their order, because the first that fits decides.
      observe: () => ({
        records: state()
          .records.map(({ name, type, content, proxied, comment }) => [name, type, content, proxied, comment].join(' '))
          .sort(),
        purged: state().purged,
        rules: nodes.map(({ alias }) =>
          ['ufw/rules4', 'ufw/rules6'].map((file) => sandbox().nodes.node(alias).state.read(file).split('\n').sort()),
        ),
      }),
      reset: async () => {
        if (afresh) await close()
        await sandbox().reset()
        state().records = state().records.filter(({ name }) => name === api || name === admin)
      },
      planted: plantedValues,
    },
    /** Removes the records of an address, of one name or of all. */
    drop: (address: string, only?: string) => {
      state().records = state().records.filter(({ name, content }) => content !== address || (only !== undefined && name !== only))
    },
  }
}
