import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { bookNodes, type NodeIdentity } from '../../../src/lib/sandbox/nodes/state.ts'
import type { ContractWorld } from '../contract.ts'

/** Four SSH servers, hetzner1–3 and a bastion: OpenSSH's, or the sandbox's. */
export interface SshWorld extends ContractWorld {
  /** For files of a case's own. */
  readonly dir: string
  /** Every server by its own Host block, with the key and the known_hosts below. */
  readonly configFile: string
  readonly knownHostsFile: string
  readonly identityFile: string
  place(alias: string): { readonly host: string; readonly port: number }
  /** Nothing listens any more, and every connection and command of it has ended. */
  down(alias: string): Promise<void>
  /** Another host key than known_hosts has. */
  otherKey(alias: string): Promise<void>
  /** Accepts connections and says nothing. */
  silent(alias: string): Promise<void>
  /** Lets in, and grants no session. */
  withoutSessions(alias: string): Promise<void>
  /** Has nothing newer than diffie-hellman-group14-sha1 and aes128-cbc. */
  oldAlgorithms(alias: string): Promise<void>
  /** Grants one session at a time (MaxSessions 1). */
  oneSession(alias: string): Promise<void>
  /** The login shell's own start-up file, as long as the machine is not reset. */
  startup(alias: string, text: string): Promise<void>
  /** Another command runs in place of every one that is asked for. */
  forced(alias: string, command: string): Promise<void>
}

const bastion: NodeIdentity = { alias: 'bastion', address: '192.0.2.10', hostname: 'bastion' }
export const sshMachines: readonly NodeIdentity[] = [...bookNodes, bastion]

export const sandboxSsh = async (): Promise<SshWorld> => {
  const dir = mkdtempSync(join(tmpdir(), 'contract-ssh-'))
  const nodes = await startNodes({ dir, nodes: sshMachines })
  const { configFile, knownHostsFile, identityFile } = nodes
  return {
    dir,
    configFile,
    knownHostsFile,
    identityFile,
    place: (alias) => ({ host: '127.0.0.1', port: nodes.node(alias).port }),
    down: (alias) => nodes.setUp(alias, false),
    otherKey: async (alias) => void (await nodes.fail(alias, 'changed-host-key')),
    silent: async (alias) => void (await nodes.fail(alias, 'silent')),
    oldAlgorithms: async (alias) => void (await nodes.fail(alias, 'old-algorithms')),
    oneSession: async (alias) => void (await nodes.fail(alias, 'one-session')),
    startup: async (alias, text) => nodes.node(alias).state.write('login/startup', text),
    forced: async (alias, command) => nodes.node(alias).state.write('login/forced', command),
    withoutSessions: async (alias) => void (await nodes.fail(alias, 'no-sessions')),
    reset: () => nodes.reset(),
    async stop() {
      await nodes.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
