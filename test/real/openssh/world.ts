import { startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'

/** Three SSH servers, hetzner1–3, real or the sandbox's; each contract case runs in both. */
export interface SshWorld {
  readonly configFile: string
  readonly knownHostsFile: string
  port(alias: string): number
  down(alias: string): Promise<void>
  otherKey(alias: string): Promise<void>
  reset(): Promise<void>
  stop(): Promise<void>
}

export const sandboxWorld = async (dir: string): Promise<SshWorld> => {
  const nodes = await startNodes({ dir })
  return {
    configFile: nodes.configFile,
    knownHostsFile: nodes.knownHostsFile,
    port: (alias) => nodes.node(alias).port,
    down: (alias) => nodes.setUp(alias, false),
    otherKey: async (alias) => {
      await nodes.fail(alias, 'changed-host-key')
    },
    reset: () => nodes.reset(),
    stop: () => nodes.stop(),
  }
}
