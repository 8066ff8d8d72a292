import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { examine } from '../../src/lib/reports/doctor.ts'
import { type NodesSandbox, startNodes } from '../../src/lib/sandbox/nodes/nodes.ts'
import { openNodes } from '../../src/lib/systems/nodes/nodes.ts'

const dir = mkdtempSync(join(tmpdir(), 'doctor-'))
let sandbox: NodesSandbox
beforeAll(async () => {
  sandbox = await startNodes({ dir })
})
afterAll(async () => {
  await sandbox.stop()
  rmSync(dir, { recursive: true })
})

const look = (configFile: string, kubeconfigs: readonly string[], nodeVersion = '20.19.0') =>
  examine({ nodeVersion, aliases: ['hetzner1', 'hetzner2'], kubeconfigs, nodes: openNodes({ configFile, clock: systemClock }).read })

test('a machine that is set up has nothing to do; the second kubeconfig path is as good as the first', async () => {
  const kubeconfig = join(dir, 'kubeconfig')
  writeFileSync(kubeconfig, 'apiVersion: v1\n')
  const checks = await look(sandbox.configFile, [join(dir, 'missing'), kubeconfig])
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(checks.at(-1)).toEqual({ title: 'kubeconfig', ok: true, found: `${kubeconfig}; ${join(dir, 'missing')} does not exist` })
})

test('each missing thing names the next command', async () => {
  const file = join(dir, 'bare')
  writeFileSync(
    file,
    `Host hetzner1\n  UserKnownHostsFile "${sandbox.knownHostsFile}"\n  HostKeyAlias 178.104.247.152\n  IdentityFile ${join(dir, 'none')}\n  IdentitiesOnly yes\n  IdentityAgent none\nHost hetzner2\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n`,
  )
  const checks = await look(file, [dir, join(dir, 'missing')], '20.18.3')
  expect(checks.map((check) => (check.ok ? 'ok' : check.because))).toEqual([
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
