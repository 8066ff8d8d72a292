import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContractCase } from '../contract.ts'
import { accepted, both, config, file, refused } from './ask.ts'
import type { SshWorld } from './world.ts'

/** Include, Match and ProxyJump: the ways of a configuration to a node. */
export const routeCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'a bastion',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner*\n  ProxyJump bastion'), 'hetzner1'),
  },
  {
    name: 'a bastion by user, address and port',
    expected: accepted,
    give: (world) => {
      const { host, port } = world.place('bastion')
      const text = `Host hetzner1\n  ProxyJump root@bastion.example:${port}\nHost bastion.example\n  HostName ${host}\n  HostKeyAlias 192.0.2.10\n  IdentityFile "${world.identityFile}"\n  UserKnownHostsFile "${world.knownHostsFile}"`
      return both(config(world, text), 'hetzner1')
    },
  },
  {
    name: 'a bastion whose key changed',
    expected: refused('ssh-changed-host-key'),
    give: async (world) => {
      await world.otherKey('bastion')
      return both(config(world, 'Host hetzner1\n  ProxyJump bastion'), 'hetzner1')
    },
  },
  {
    name: 'a bastion that is down',
    expected: refused('ssh-unreachable'),
    give: async (world) => {
      await world.down('bastion')
      return both(config(world, 'Host hetzner1\n  ProxyJump bastion'), 'hetzner1')
    },
  },
  {
    name: 'a bastion without sessions still leads on',
    expected: accepted,
    give: async (world) => {
      await world.withoutSessions('bastion')
      return both(config(world, 'Host hetzner1\n  ProxyJump bastion'), 'hetzner1')
    },
  },
  {
    name: 'a node behind a bastion whose key changed',
    expected: refused('ssh-changed-host-key'),
    give: async (world) => {
      await world.otherKey('hetzner1')
      return both(config(world, 'Host hetzner1\n  ProxyJump bastion'), 'hetzner1')
    },
  },
  {
    name: 'a node behind a bastion that is down',
    expected: refused('ssh-forward-refused'),
    give: async (world) => {
      await world.down('hetzner1')
      return both(config(world, 'Host hetzner1\n  ProxyJump bastion'), 'hetzner1')
    },
  },
  {
    name: 'a chain of two jump hosts',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner3\n  ProxyJump bastion,hetzner2'), 'hetzner3'),
  },
  {
    name: 'a jump host that has a jump host itself',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner3\n  ProxyJump hetzner2\nHost hetzner2\n  ProxyJump bastion'), 'hetzner3'),
  },
  {
    name: 'a ProxyCommand',
    expected: accepted,
    give: (world) => both(config(world, `Host hetzner3\n  ProxyCommand ssh -F "${world.configFile}" -W %h:%p bastion`), 'hetzner3'),
  },
  {
    name: 'a ProxyCommand that fails',
    expected: refused('ssh-lost'),
    give: (world) => both(config(world, 'Host hetzner3\n  ProxyCommand exit 3'), 'hetzner3'),
  },
  {
    name: 'Include with a pattern, the first value winning',
    expected: accepted,
    give: (world) => {
      const folder = mkdtempSync(join(world.dir, 'conf.d-'))
      writeFileSync(join(folder, '10-first.conf'), 'Host hetzner2\n  ProxyJump bastion\n')
      writeFileSync(join(folder, '20-second.conf'), 'Host hetzner2\n  ProxyJump nowhere.invalid\n')
      return both(config(world, `Include "${folder}/*.conf"`), 'hetzner2')
    },
  },
  {
    name: 'Match by command, host and original host',
    expected: accepted,
    give: (world) => {
      const { host, port } = world.place('hetzner3')
      const text = `Match originalhost web exec "test -e '${world.configFile}'"\n  HostName ${host}\n  Port ${port}\n  User root\n  HostKeyAlias 178.104.249.189\n  ProxyJump bastion\n  IdentityFile "${world.identityFile}"\n  IdentityAgent none\n  UserKnownHostsFile "${world.knownHostsFile}"\nMatch originalhost web exec "false"\n  Port 1`
      return both(config(world, text), 'web')
    },
  },
  {
    name: 'a configuration that does not parse',
    expected: refused('ssh-config'),
    give: (world) => both(file(world, 'Host hetzner1\n  NoSuchWord yes\n'), 'hetzner1'),
  },
  {
    name: 'an alias that nothing names',
    expected: refused('ssh-alias-unknown'),
    give: (world) => both(world.configFile, 'no-such-host.invalid'),
  },
]
