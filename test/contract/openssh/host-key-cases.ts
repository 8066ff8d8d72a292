import { readFileSync, rmSync } from 'node:fs'
import type { ContractCase } from '../contract.ts'
import { accepted, both, config, file, keygen, newKey, refused, withKnown } from './ask.ts'
import type { SshWorld } from './world.ts'

/** "ssh-ed25519 AAAA…" of the first server, as known_hosts has it. */
const firstKey = (world: SshWorld) => readFileSync(world.knownHostsFile, 'utf8').split('\n')[0]?.split(' ').slice(1).join(' ') ?? ''

/** With a revocation list of these keys as RevokedHostKeys. */
const revoking = (world: SshWorld, list: string) => config(world, `Host hetzner1\n  RevokedHostKeys "${list}"`)

/** Which host keys are trusted. */
export const hostKeyCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'a changed host key',
    expected: refused('ssh-changed-host-key'),
    give: async (world) => {
      await world.otherKey('hetzner2')
      return both(world.configFile, 'hetzner2')
    },
  },
  {
    name: 'an unknown host',
    expected: refused('ssh-unknown-host-key'),
    give: (world) =>
      withKnown(
        world,
        () => '',
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    // The one place where we are stricter: an operator at 2 a.m. must not be the one who trusts a key first.
    name: 'an unknown host that the configuration would accept',
    expected: { ssh: 'accepted', honeydue: 'ssh-unknown-host-key' },
    give: (world) => both(config(world, `Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null`), 'hetzner1'),
  },
  {
    name: 'a revoked key',
    expected: refused('ssh-revoked-host-key'),
    give: (world) =>
      withKnown(
        world,
        (text) => text + text.replaceAll(/^\S+ /gm, '@revoked * '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'a key on the list of RevokedHostKeys',
    expected: refused('ssh-revoked-host-key'),
    give: (world) => both(revoking(world, file(world, `${firstKey(world)}\n`)), 'hetzner1'),
  },
  {
    name: 'a key in the KRL of RevokedHostKeys',
    expected: refused('ssh-revoked-host-key'),
    give: (world) => {
      const list = file(world, '')
      keygen('-k', '-f', list, file(world, `${firstKey(world)}\n`))
      return both(revoking(world, list), 'hetzner1')
    },
  },
  {
    name: 'another key on the list of RevokedHostKeys',
    expected: accepted,
    give: (world) => both(revoking(world, `${newKey(world)}.pub`), 'hetzner1'),
  },
  {
    name: 'a list of RevokedHostKeys that cannot be read',
    expected: refused('ssh-revoked-host-key'),
    give: (world) => both(revoking(world, '/nonexistent/revoked'), 'hetzner1'),
  },
  {
    name: 'only a certificate authority is trusted',
    expected: refused('ssh-refused'),
    give: (world) =>
      withKnown(
        world,
        (text) => text.replaceAll(/^(?=\S)/gm, '@cert-authority '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'hashed names',
    expected: accepted,
    give: (world) =>
      withKnown(
        world,
        (text) => text,
        async () => {
          keygen('-H', '-f', world.knownHostsFile)
          rmSync(`${world.knownHostsFile}.old`, { force: true })
          return both(world.configFile, 'hetzner1')
        },
      ),
  },
  {
    name: 'a negated pattern',
    expected: refused('ssh-unknown-host-key'),
    give: (world) =>
      withKnown(
        world,
        (text) => (text.split('\n')[0] ?? '').replace(/^(\S+) /, '*,!$1 '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'the name without its port',
    expected: accepted,
    give: (world) =>
      withKnown(
        world,
        (text) => text.replaceAll(/^\S+ /gm, `${world.place('hetzner1').host} `),
        () => both(file(world, readFileSync(world.configFile, 'utf8').replaceAll(/^\s*HostKeyAlias .*\n/gm, '')), 'hetzner1'),
      ),
  },
  {
    name: 'the second of several UserKnownHostsFile',
    expected: accepted,
    give: (world) => {
      const second = file(world, readFileSync(world.knownHostsFile, 'utf8'))
      return both(config(world, `Host *\n  UserKnownHostsFile /nonexistent/known "${second}"`), 'hetzner1')
    },
  },
]
