import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { nodesUpdates } from '../../../src/lib/reports/nodes/updates.ts'
import { readUpdates } from '../../../src/lib/systems/nodes/updates.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)
const node = () => sandbox().nodes.node('hetzner2')

const look = (alias?: string) =>
  nodesUpdates.look(
    { node: alias },
    { nodes: systems().nodes.read },
    { environment: sandbox().environment, clock: systemClock, signal: new AbortController().signal },
  )
const said = async () => (await look()).findings.map(({ level, text, next }) => `${level}: ${text} → ${next}`)

// As apt 2.6.1 prints them.
const bash = 'Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])'
const openssl = 'Inst openssl [3.0.17-1] (3.0.18-1 Debian-Security:12/oldstable-security [amd64]) []'
const kernel = 'Inst linux-image-6.1.0-41-amd64 (6.1.158-1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])'

describe('nodes:updates', () => {
  test('nothing pending: a row a node, and nothing to tell', async () => {
    const { findings, tables, unreachable } = await look()
    expect([findings, unreachable, tables.length]).toEqual([[], false, 1])
    expect(tables[0]?.rows.map((row) => [row[0], row[1], row[2], row[5]])).toEqual([
      ['hetzner1', '0', '0', 'no'],
      ['hetzner2', '0', '0', 'no'],
      ['hetzner3', '0', '0', 'no'],
    ])
    expect(tables[0]?.rows[0]?.[3]).toMatch(/^\d+ (s|min).* ago$/)
  })

  test('security first, packages by name and node, the new kernel as new; with unattended-upgrades they come by themselves', async () => {
    for (const alias of ['hetzner1', 'hetzner2'])
      sandbox().nodes.node(alias).state.write('updates', `Conf ignored (1 Debian:12/oldstable [amd64])\n${bash}\n${openssl}\n`)
    node().state.write('updates', `${bash}\n${openssl}\n${kernel}\n`)
    node().state.setRebootRequired(true)
    node().put('var/run/reboot-required.pkgs', 'linux-image-6.1.0-40-amd64\nlibc6\nlibc6\n')
    expect(await said()).toEqual([
      'warning: 1 security update is pending on hetzner1: openssl → honeydue nodes:update hetzner1 --dry-run',
      'warning: 2 security updates are pending on hetzner2: openssl, linux-image-6.1.0-41-amd64 → honeydue nodes:update hetzner2 --dry-run',
      'warning: hetzner2 waits for a reboot, of linux-image-6.1.0-40-amd64, libc6 → honeydue nodes:reboot hetzner2 --dry-run',
    ])
    const [, packages] = (await look()).tables
    expect(packages?.rows).toEqual([
      ['linux-image-6.1.0-41-amd64', 'new', '6.1.158-1', 'yes', 'hetzner2'],
      ['openssl', '3.0.17-1', '3.0.18-1', 'yes', 'hetzner1, hetzner2'],
      ['bash', '5.2.15-2+b8', '5.2.15-2+b13', '', 'hetzner1, hetzner2'],
    ])
  })

  test('where nobody brings them in it is wrong, and says how they come by themselves', async () => {
    node().state.write('updates', `${openssl}\n`)
    node().state.write('apt-config', '')
    const found = (await said()).filter((line) => line.includes('hetzner2'))
    expect(found[0]).toMatch(/^wrong: 1 security update is pending on hetzner2: openssl/)
    expect(found.at(-1)).toMatch(/^warning: unattended-upgrades is off on hetzner2: .*sudo dpkg-reconfigure/)
  })

  test('a node that is away, and one alone', async () => {
    await sandbox().nodes.setUp('hetzner3', false)
    const { findings, unreachable } = await look()
    expect([findings.some(({ level, text }) => level === 'wrong' && text.startsWith('No answer from hetzner3')), unreachable]).toEqual([
      true,
      false,
    ])
    expect((await look('hetzner1')).tables[0]?.rows).toHaveLength(1)
  })

  test('what apt keeps back, who holds its lock, what dpkg has not ended, and the room that there is', () => {
    const said = readUpdates(
      [
        'lists 90',
        'fs /              80000000000 20000000000 60000000000 4882432 312000',
        'locked 4711 unattended-upgr',
        'cut-off yes',
        'half openssl',
        'no-root sudo: a password is required',
        'The following upgrades have been deferred due to phasing:',
        '  libnetplan1 netplan.io',
        'The following packages have been kept back:',
        '  linux-generic snapd',
        'The following packages will be upgraded:',
        '  bash',
        bash,
        'apt answered',
        'download 1490652',
      ].join('\n'),
    )
    expect(said).toMatchObject({
      keptBack: ['libnetplan1', 'linux-generic', 'netplan.io', 'snapd'],
      lockedBy: '4711 unattended-upgr',
      halfDone: 'it was interrupted, openssl',
      refusedRoot: 'sudo: a password is required',
      downloadBytes: 1490652,
      packages: [{ name: 'bash' }],
    })
    expect(said?.fileSystems.map(({ mountedOn, availableBytes }) => [mountedOn, availableBytes])).toEqual([['/', 60_000_000_000]])
  })

  test('a dpkg that has not ended what it began is wrong, with what ends it', async () => {
    node().state.write('dpkg-audit', 'The following packages are only half configured:\n openssl   Secure Sockets Layer toolkit\n')
    expect(await said()).toEqual(["wrong: dpkg of hetzner2 has not ended what it began: openssl → ssh hetzner2 'sudo dpkg --configure -a'"])
  })

  test('what a machine says that is not as it should be', () => {
    expect(readUpdates('apt none\n')).toEqual({
      refused: 'there is no apt',
      rebootRequired: false,
      rebootFor: [],
      keptBack: [],
      fileSystems: [],
    })
    const locked = readUpdates('lists 90\nE: The list of sources could not be read.\n')
    expect(locked).toMatchObject({ refused: 'The list of sources could not be read.', listsAgeSeconds: 90, unattended: false })
    expect(readUpdates('lists 90\nInst bash [1] (2 Deb')?.refused).toBe('apt did not answer in time')
    expect(readUpdates('a greeting\n')).toBeUndefined()
    // Ubuntu's security updates have its pocket's name.
    const ubuntu = readUpdates(
      'Inst curl [7.81.0-1] (7.81.0-1ubuntu1.21 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])\napt answered',
    )
    expect(ubuntu?.packages).toEqual([{ name: 'curl', from: '7.81.0-1', to: '7.81.0-1ubuntu1.21', security: true }])
  })
})
