import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'

const dir = mkdtempSync(join(tmpdir(), 'nodes-'))
let nodes: NodesSandbox
beforeAll(async () => {
  nodes = await startNodes({ dir })
})
beforeEach(() => nodes.reset())
afterAll(async () => {
  await nodes.stop()
  rmSync(dir, { recursive: true })
})

const ssh = (args: readonly string[], input = '') =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn('ssh', ['-F', nodes.configFile, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', ...args])
    const out = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.stderr += text
    })
    child.on('close', (code) => resolve({ code, ...out }))
    child.stdin.end(input)
  })
const on = async (alias: string, command: string, input?: string) => (await ssh([alias, command], input)).stdout

test('ssh finds the hostnames of the book behind the aliases, mismatch included', async () => {
  const names = await Promise.all(['hetzner1', 'hetzner2', 'hetzner3'].map((alias) => on(alias, 'hostname')))
  expect(names).toEqual(['ubuntu-8gb-nbg1-2\n', 'ubuntu-8gb-nbg1-1\n', 'ubuntu-8gb-nbg1-3\n'])
})

test('any command line runs: pipes, quoting, standard input, exit codes, signals', async () => {
  expect(await ssh(['hetzner1', `printf '%s\\n' "a  b" c | sort -r; cat; echo no >&2; exit 7`], 'päck')).toEqual({
    code: 7,
    stdout: 'c\na  b\npäck',
    stderr: 'no\n',
  })
  expect((await ssh(['hetzner1', 'kill -9 $$'])).code).toBe(255)
  expect(await on('hetzner1', 'uptime')).toMatch(/up .*load average/)
})

test('the marker of a required restart belongs to its node alone', async () => {
  nodes.node('hetzner2').state.setRebootRequired(true)
  const asks = 'test -e /var/run/reboot-required && echo yes || echo no'
  expect(await Promise.all(['hetzner1', 'hetzner2'].map((alias) => on(alias, asks)))).toEqual(['no\n', 'yes\n'])
})

test('a node that is down refuses, comes back on its port, and a changed host key is refused', async () => {
  await nodes.setUp('hetzner1', false)
  expect(nodes.node('hetzner1').up()).toBe(false)
  expect((await ssh(['hetzner1', 'true'])).stderr).toContain('Connection refused')
  await nodes.setUp('hetzner1', true)
  expect((await ssh(['hetzner1', 'true'])).code).toBe(0)
  await nodes.fail('hetzner1', 'changed-host-key')
  expect((await ssh(['hetzner1', 'true'])).stderr).toContain('HOST IDENTIFICATION HAS CHANGED')
})

test('one node is the way to another, by its public address, and other targets are refused', async () => {
  const { identityFile, knownHostsFile, node } = nodes
  const through = [
    '-o',
    `ProxyCommand=ssh -F ${nodes.configFile} -W ${node('hetzner3').address}:22 hetzner1`,
    '-i',
    identityFile,
    '-o',
    `UserKnownHostsFile=${knownHostsFile}`,
  ]
  expect((await ssh([...through, node('hetzner3').address, 'hostname'])).stdout).toBe('ubuntu-8gb-nbg1-3\n')
  expect((await ssh(['-W', '192.0.2.1:22', 'hetzner1'])).code).not.toBe(0)
})

test('ufw keeps its rules and prints as 0.36.2 does', async () => {
  const { stdout } = await ssh(
    ['hetzner1', 'sh -s'],
    `sudo ufw allow proto tcp from 198.51.100.0/24 to any port 443 comment 'cloudflare'
sudo ufw allow proto tcp from 198.51.100.0/24 to any port 443 comment 'cloudflare'
sudo ufw allow proto tcp from 198.51.100.0/24 to any port 443
sudo ufw allow proto tcp from 2001:db8::/32 to any port 443 comment 'cloudflare'
sudo ufw allow 6443/tcp
sudo ufw delete allow proto tcp from 203.0.113.0/24 to any port 443; echo $?
echo n | sudo ufw delete 2; echo
sudo ufw --force delete 2
sudo ufw status verbose
sudo ufw status numbered
sudo ufw show added
sudo ufw disable
sudo ufw status
`,
  )
  expect(stdout).toMatchSnapshot()
})
