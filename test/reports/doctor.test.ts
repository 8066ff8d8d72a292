import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitOfView } from '../../src/lib/cli/exit-of-view.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { loadKubeconfig } from '../../src/lib/environment/kubeconfig.ts'
import { exitCodes } from '../../src/lib/errors.ts'
import { doctorView, examine } from '../../src/lib/reports/doctor.ts'
import { clock, journal, kubeconfigDays, programs } from '../../src/lib/reports/doctor-machine.ts'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'
import { type NodesSandbox, startNodes } from '../../src/lib/sandbox/nodes/nodes.ts'
import { bookNodes } from '../../src/lib/sandbox/nodes/state.ts'
import { nodesSystem } from '../../src/lib/systems/nodes/nodes.ts'
import { whole } from '../support/kubeconfigs.ts'

const dir = mkdtempSync(join(tmpdir(), 'doctor-'))
let sandbox: NodesSandbox
beforeAll(async () => {
  sandbox = await startNodes({ dir })
})
afterAll(async () => {
  await sandbox.stop()
  rmSync(dir, { recursive: true })
})

const look = async (configFile: string, kubeconfigs: readonly string[], nodeVersion = '20.19.0') => {
  const nodes = nodesSystem({ configFile, clock: systemClock })
  try {
    return await examine({
      nodeVersion,
      expected: bookNodes.slice(0, 2),
      kubeconfigs,
      nodes: nodes.read,
      load: loadKubeconfig,
      state: join(dir, 'state/honeydue'),
      now: new Date(),
    })
  } finally {
    await nodes.close()
  }
}
const config = (text: string) => {
  const file = join(dir, 'config')
  writeFileSync(file, `${text}\nHost *\n  Include "${sandbox.configFile}"\n`)
  return file
}
const told = async (configFile: string) =>
  (await look(configFile, []))
    .filter(({ title }) => title.startsWith('ssh'))
    .map((check) => (check.ok ? check.found : `NOT ${check.because}`))

test('a machine that is set up has nothing to do; the second kubeconfig path is as good as the first', async () => {
  const kubeconfig = join(dir, 'kubeconfig')
  writeFileSync(kubeconfig, whole({ cluster: { server: 'https://127.0.0.1:6443' }, user: {} }))
  const checks = await look(sandbox.configFile, [join(dir, 'missing'), kubeconfig])
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(checks.at(-1)).toEqual({
    title: 'kubeconfig',
    ok: true,
    found: `${kubeconfig}, context here; ${join(dir, 'missing')} does not exist`,
  })
})

test('each missing thing names the next command', async () => {
  const file = join(dir, 'bare')
  writeFileSync(
    file,
    `Host hetzner1\n  UserKnownHostsFile "${sandbox.knownHostsFile}"\n  HostKeyAlias 178.104.247.152\n  IdentityFile ${join(dir, 'none')}\n  IdentitiesOnly yes\n  IdentityAgent none\nHost hetzner2\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n`,
  )
  const checks = await look(file, [dir, join(dir, 'missing')], '20.18.3')
  expect(checks.flatMap((check) => (check.ok ? [] : [check.because]))).toEqual([
    'it is 20.18.3, older than 20.19',
    'no identity file exists, and there is no SSH agent',
    'no known_hosts file has its key (/dev/null, /dev/null)',
    `${dir} is not a file; ${join(dir, 'missing')} does not exist`,
  ])
  expect((await look(join(dir, 'no-config'), [])).find(({ title }) => title === 'ssh hetzner1')).toMatchObject({
    ok: false,
    because: expect.stringContaining('ssh -G hetzner1 failed'),
  })
})

test('each alias is told by which way it is reached, and why', async () => {
  expect(await told(sandbox.configFile)).toEqual([
    expect.stringMatching(/^root@127\.0\.0\.1:\d+ is ubuntu-8gb-nbg1-2, by the SSH library, key known at .*known_hosts:1$/),
    expect.stringContaining('is ubuntu-8gb-nbg1-1, by the SSH library'),
  ])
  const key = readFileSync(sandbox.knownHostsFile, 'utf8').split('\n')[0]
  const text = `Host hetzner1\n  UserKnownHostsFile /dev/null\n  KnownHostsCommand /bin/echo ${key}`
  expect((await told(config(text)))[0]).toMatch(/ is ubuntu-8gb-nbg1-2, by OpenSSH, for KnownHostsCommand$/)
  expect((await told(config('Host hetzner1\n  RemoteCommand tmux')))[0]).toMatch(/; shell lines for it need ssh -o RemoteCommand=none/)
})

test('swapped aliases are told, whatever case a machine writes its name in', async () => {
  const port = (alias: string) => sandbox.node(alias).port
  const swapped = config(
    `Host hetzner1\n  Port ${port('hetzner2')}\n  HostKeyAlias 178.105.32.198\nHost hetzner2\n  Port ${port('hetzner1')}\n  HostKeyAlias 178.104.247.152`,
  )
  expect(await told(swapped)).toEqual([
    'NOT what answers at 127.0.0.1 calls itself ubuntu-8gb-nbg1-1 and is hetzner2: hetzner1 is ubuntu-8gb-nbg1-2, 178.104.247.152',
    'NOT what answers at 127.0.0.1 calls itself ubuntu-8gb-nbg1-2 and is hetzner1: hetzner2 is ubuntu-8gb-nbg1-1, 178.105.32.198',
  ])
  sandbox.node('hetzner1').state.write('hostname', 'Ubuntu-8GB-nbg1-2\n')
  expect((await told(sandbox.configFile))[0]).toContain('is Ubuntu-8GB-nbg1-2, by the SSH library')
  await sandbox.reset()
})

test('a node that does not let us in is told with its reason', async () => {
  await sandbox.setUp('hetzner2', false)
  expect((await told(sandbox.configFile))[1]).toMatch(/^NOT hetzner2 cannot be reached at 127\.0\.0\.1:\d+: nothing listens there/)
  const exit = async () => exitOfView(doctorView(await look(sandbox.configFile, [])))
  expect(await exit()).toBe(exitCodes.blocked)
  await sandbox.setUp('hetzner1', false)
  expect(await exit()).toBe(exitCodes.unreachable)
  await sandbox.reset()
})

test('the machine itself: programs, a journal that can be written, a clock like the nodes, days of the kubeconfig', async () => {
  const nodes = nodesSystem({ configFile: sandbox.configFile, clock: systemClock })
  const [found, clocks] = await Promise.all([programs(), clock(['hetzner1'], nodes.read)])
  await nodes.close()
  expect(found).toContainEqual({ title: 'OpenSSH', ok: true, found: expect.stringMatching(/^OpenSSH_\d/) })
  expect(clocks).toEqual([{ title: 'clock', ok: true, found: expect.stringMatching(/ from hetzner1$/) }])
  expect(await journal(join(dir, 'deep/down'))).toMatchObject({ ok: true, found: expect.stringMatching(/deep\/down, .* free$/) })
  expect(await journal('/proc/honeydue')).toMatchObject({ ok: false })
})

test('a client certificate that ends soon, or has ended, is something to do', () => {
  const { certificate } = createAuthority('k3s').issue({ commonName: 'admin', names: ['admin'], days: 20 })
  const at = (days: number) => kubeconfigDays('/k', certificate, new Date(Date.now() + days * 86_400_000))[0]
  expect(at(0)).toMatchObject({ ok: false, because: expect.stringMatching(/^that of \/k expires/) })
  expect(at(25)).toMatchObject({ ok: false, because: expect.stringMatching(/expired/) })
  expect(at(-30)).toMatchObject({ ok: true })
  expect(kubeconfigDays('/k', undefined, new Date())).toEqual([])
})
