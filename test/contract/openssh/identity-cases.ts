import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installed } from '../../support/installed.ts'
import type { ContractCase } from '../contract.ts'
import { accepted, both, config, file, lockedKey, newKey, refused, withoutKeys } from './ask.ts'
import type { SshWorld } from './world.ts'

/** An agent that holds these keys, for the time of `use`. */
const withAgent = async <T>(keys: readonly string[], use: (socket: string) => Promise<T>): Promise<T> => {
  // A socket's path may have 107 bytes: not in the world's folder.
  const folder = mkdtempSync(join(tmpdir(), 'agent-'))
  const socket = join(folder, 's')
  const agent = spawn(installed('ssh-agent', 'openssh-client'), ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(agent.stdout, 'data')
    for (const key of keys)
      execFileSync(installed('ssh-add', 'openssh-client'), ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    return await use(socket)
  } finally {
    const gone = once(agent, 'exit')
    agent.kill()
    await gone
    rmSync(folder, { recursive: true })
  }
}

/** Which keys are offered. */
export const identityCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'a key that it does not know',
    expected: refused('ssh-auth'),
    give: (world) =>
      both(withoutKeys(world, `Host *\n  IdentityFile "${newKey(world)}"\n  IdentitiesOnly yes\n  IdentityAgent none`), 'hetzner1'),
  },
  {
    name: 'an encrypted key without an agent',
    expected: refused('ssh-auth'),
    give: (world) =>
      both(withoutKeys(world, `Host *\n  IdentityFile "${lockedKey(world)}"\n  IdentitiesOnly yes\n  IdentityAgent none`), 'hetzner1'),
  },
  {
    name: 'an encrypted key whose agent holds it',
    expected: accepted,
    give: (world) =>
      withAgent([world.identityFile], (socket) =>
        both(
          withoutKeys(world, `Host *\n  IdentityFile "${lockedKey(world)}"\n  IdentitiesOnly yes\n  IdentityAgent ${socket}`),
          'hetzner1',
        ),
      ),
  },
  {
    name: 'an encrypted key whose agent is gone',
    expected: refused('ssh-auth'),
    give: (world) =>
      both(withoutKeys(world, `Host *\n  IdentityFile "${lockedKey(world)}"\n  IdentityAgent /nonexistent/agent`), 'hetzner1'),
  },
  {
    name: 'an encrypted key first, a plain one after it',
    expected: accepted,
    give: (world) =>
      both(
        withoutKeys(world, `Host *\n  IdentityFile "${lockedKey(world)}"\n  IdentityFile "${world.identityFile}"\n  IdentityAgent none`),
        'hetzner1',
      ),
  },
  {
    name: 'an agent of three foreign keys and the right one',
    expected: accepted,
    give: (world) =>
      withAgent([newKey(world), newKey(world), newKey(world), world.identityFile], (socket) =>
        both(withoutKeys(world, `Host *\n  IdentityFile none\n  IdentityAgent ${socket}`), 'hetzner1'),
      ),
  },
  {
    name: 'IdentitiesOnly leaves the other keys of the agent out',
    expected: refused('ssh-auth'),
    give: (world) =>
      withAgent([world.identityFile], (socket) =>
        both(withoutKeys(world, `Host *\n  IdentityFile "${newKey(world)}"\n  IdentitiesOnly yes\n  IdentityAgent ${socket}`), 'hetzner1'),
      ),
  },
  {
    name: 'the agent of SSH_AUTH_SOCK is not asked when IdentityAgent is none',
    expected: refused('ssh-auth'),
    give: (world) => both(withoutKeys(world, 'Host *\n  IdentityFile none\n  IdentityAgent none'), 'hetzner1'),
  },
  {
    name: 'a key file that others may read',
    expected: refused('ssh-auth'),
    give: (world) => {
      const open = file(world, readFileSync(world.identityFile, 'utf8'))
      chmodSync(open, 0o644)
      return both(withoutKeys(world, `Host *\n  IdentityFile "${open}"\n  IdentitiesOnly yes\n  IdentityAgent none`), 'hetzner1')
    },
  },
  {
    name: 'a folder, a folder with a public key beside it and /dev/null as identities, the right key after them',
    expected: accepted,
    give: (world) => {
      const [folder, half] = [file(world, ''), newKey(world)]
      for (const path of [folder, half]) {
        rmSync(path)
        mkdirSync(path)
      }
      const named = [folder, half, '/dev/null', world.identityFile].map((path) => `  IdentityFile "${path}"`)
      return both(withoutKeys(world, ['Host *', ...named, '  IdentitiesOnly yes', '  IdentityAgent none'].join('\n')), 'hetzner1')
    },
  },
  {
    name: 'a folder with a public key beside it, alone',
    expected: refused('ssh-auth'),
    give: (world) => {
      const half = newKey(world)
      rmSync(half)
      mkdirSync(half)
      return both(withoutKeys(world, `Host *\n  IdentityFile "${half}"\n  IdentitiesOnly yes\n  IdentityAgent none`), 'hetzner1')
    },
  },
  {
    name: 'a folder whose public key stands beside it, held by the agent',
    expected: accepted,
    give: (world) => {
      const half = file(world, '')
      rmSync(half)
      mkdirSync(half)
      copyFileSync(`${world.identityFile}.pub`, `${half}.pub`)
      return withAgent([world.identityFile], (socket) =>
        both(withoutKeys(world, `Host *\n  IdentityFile "${half}"\n  IdentitiesOnly yes\n  IdentityAgent ${socket}`), 'hetzner1'),
      )
    },
  },
  {
    name: 'PubkeyAuthentication no',
    expected: refused('ssh-auth'),
    give: (world) => both(config(world, 'Host *\n  PubkeyAuthentication no'), 'hetzner1'),
  },
]
