import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import { identitiesOf } from '../../../src/lib/systems/nodes/identities.ts'
import { knownKeys } from '../../../src/lib/systems/nodes/known-hosts.ts'
import { ciphers, hostKeys, keyExchanges, macs } from '../../../src/lib/systems/nodes/library-algorithms.ts'
import { resolveAlias } from '../../../src/lib/systems/nodes/resolve.ts'
import { wayTo } from '../../../src/lib/systems/nodes/way.ts'

// Sockets lie in the temporary folder: a path may have 104 bytes.
const dir = mkdtempSync(join(tmpdir(), 'ways-'))
const timeoutMs = 20_000
let nodes: NodesSandbox
const opened: { close(): Promise<void> }[] = []
beforeAll(async () => {
  nodes = await startNodes({ dir })
})
beforeEach(() => nodes.reset())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})
afterAll(async () => {
  await nodes.stop()
  rmSync(dir, { recursive: true })
})

let files = 0
const file = (text: string) => {
  files += 1
  const path = join(dir, `file-${files}`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const config = (text: string) => file(`Host hetzner1\n${text}\nHost *\n  Include "${nodes.configFile}"\n`)
/** Without the sandbox's own key. */
const withKey = (key: string, text = '') =>
  file(
    `Host hetzner1\n  IdentityFile "${key}"\n${text}\nHost *\n${readFileSync(nodes.configFile, 'utf8').replaceAll(/^ *IdentityFile.*\n/gm, '')}`,
  )
const keygen = (...args: readonly string[]) => execFileSync('ssh-keygen', ['-q', ...args], { stdio: 'ignore' })
const newKey = (...args: readonly string[]) => {
  const key = join(dir, `key-${++files}`)
  keygen('-t', 'ed25519', '-N', '', '-f', key, ...args)
  return key
}
const connect = (configFile: string) => {
  const connections = connector({ configFile })
  opened.push(connections)
  return connections.to('hetzner1')
}
const wayOf = async (configFile: string) => {
  const host = await resolveAlias('hetzner1', { configFile })
  const [known, identities] = await Promise.all([knownKeys(host), identitiesOf(host)])
  const way = wayTo(host, { known, identities })
  return way.by === 'library' ? 'library' : way.because
}
/** A configuration that only OpenSSH can follow, for a way that leads in. */
const openSshAlone = () =>
  config(`  UserKnownHostsFile /dev/null\n  KnownHostsCommand /bin/echo ${readFileSync(nodes.knownHostsFile, 'utf8').split('\n')[0]}`)

test('the library has every algorithm that it is said to have', () => {
  const has = (algorithms: Readonly<Record<string, readonly string[]>>) => {
    const client = new ssh2.Client()
    client.on('error', () => {})
    const sock = Object.assign(Duplex.from([]), { setNoDelay: () => {}, setTimeout: () => {} })
    expect(() => client.connect({ username: 'root', sock: sock as never, algorithms: algorithms as never })).not.toThrow()
    client.destroy()
  }
  for (const name of keyExchanges) has({ kex: [name] })
  for (const name of ciphers) has({ cipher: [name] })
  for (const name of macs) has({ hmac: [name] })
  for (const name of hostKeys) has({ serverHostKey: [name] })
})

test('the library is the way, unless the configuration asks for what it has not', async () => {
  const own = () => `  UserKnownHostsFile "${nodes.knownHostsFile}"`
  expect(await wayOf(nodes.configFile)).toBe('library')
  for (const text of [
    'Ciphers +aes128-cbc',
    'HostKeyAlgorithms +ssh-rsa',
    'KexAlgorithms ^sntrup761x25519-sha512@openssh.com',
    'GSSAPIAuthentication yes',
    'ProxyCommand nc %h %p',
  ])
    expect(await wayOf(config(`  ${text}`))).toBe('library')
  for (const [text, because] of [
    ['KnownHostsCommand /bin/true', 'KnownHostsCommand'],
    ['PKCS11Provider /usr/lib/softhsm.so', 'PKCS11Provider'],
    ['KexAlgorithms sntrup761x25519-sha512@openssh.com', 'no KexAlgorithms of the configuration is the library’s'],
    ['MACs umac-128-etm@openssh.com', 'no MACs of the configuration is the library’s'],
    ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com', 'no HostKeyAlgorithms of the configuration is the library’s'],
  ] as const)
    expect(await wayOf(config(`  ${text}`))).toBe(because.replace('’', "'"))

  const authority = file(`@cert-authority * ${readFileSync(`${newKey()}.pub`, 'utf8')}`)
  expect(await wayOf(config(`  UserKnownHostsFile "${authority}"`))).toBe(`the certificate authority at ${authority}:1`)
  expect(await wayOf(config(`  UserKnownHostsFile "${authority}" "${nodes.knownHostsFile}"`.replaceAll('"', '')))).toBe('library')

  const certified = newKey()
  keygen('-s', newKey(), '-I', 'x', '-n', 'root', `${certified}.pub`)
  expect(await wayOf(withKey(certified, own()))).toBe(`the certificate ${certified}-cert.pub`)
  const pkcs8 = join(dir, 'pkcs8')
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '', '-f', pkcs8)
  expect(await wayOf(withKey(pkcs8, own()))).toBe(`the format of ${pkcs8}`)
  const fido = file('')
  const type = 'sk-ssh-ed25519@openssh.com'
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, type.length]),
    Buffer.from(type),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 0, 4]),
    Buffer.from('ssh:'),
  ])
  writeFileSync(`${fido}.pub`, `${type} ${blob.toString('base64')} key\n`)
  expect(await wayOf(withKey(fido, own()))).toBe(`${type} (${fido})`)
})

test('OpenSSH leads in where the library cannot, with commands and tunnels, and nothing is left of it', async () => {
  const before = new Set(readdirSync(tmpdir()))
  const connections = connector({ configFile: openSshAlone() })
  const connection = await connections.to('hetzner1')
  expect(connection.way).toEqual({ by: 'openssh', because: 'KnownHostsCommand' })
  expect(await connection.run('echo out; echo err >&2; exit 7', { timeoutMs })).toMatchObject({ code: 7, stdout: 'out\n', stderr: 'err\n' })
  const many = await Promise.all(Array.from({ length: 12 }, (_, n) => connection.run(`echo ${n}`, { timeoutMs })))
  expect(many.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 12 }, (_, n) => n))
  const tunnel = await connection.forward('127.0.0.1', nodes.node('hetzner2').port)
  expect(String((await once(tunnel, 'data'))[0])).toContain('SSH-2.0-')
  tunnel.destroy()
  await expect(connection.run('sleep 30', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'ssh-timeout' })
  expect(connection.isLost()).toBe(false)
  await connections.close()
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('hd-') && !before.has(name))).toEqual([])
})

test('a connection of OpenSSH that ends is told, and opened anew', async () => {
  const connections = connector({ configFile: openSshAlone() })
  opened.push(connections)
  await connections.to('hetzner1')
  await nodes.setUp('hetzner1', false)
  await expect(connections.to('hetzner1').then((one) => one.run('true', { timeoutMs }))).rejects.toMatchObject({
    code: expect.stringMatching(/^ssh-(lost|refused)$/),
  })
  await nodes.setUp('hetzner1', true)
  expect((await (await connections.to('hetzner1')).run('echo back', { timeoutMs })).stdout).toBe('back\n')
})

test('a stream that OpenSSH cannot open ends with its reason', async () => {
  const tunnel = await (await connect(openSshAlone())).forward('127.0.0.1', 1)
  tunnel.resume()
  const [error] = await once(tunnel, 'error')
  expect(error).toMatchObject({ code: 'ssh-forward-refused' })
})

test('a jump host that OpenSSH leads to says why the node behind it is not reached', async () => {
  const key = readFileSync(nodes.knownHostsFile, 'utf8').split('\n')[1]
  const hop = `Host hetzner2\n  UserKnownHostsFile /dev/null\n  KnownHostsCommand /bin/echo ${key}`
  expect((await (await connect(config(`  ProxyJump hetzner2\n${hop}`))).run('echo through', { timeoutMs })).stdout).toBe('through\n')
  await nodes.setUp('hetzner1', false)
  await expect(connect(config(`  ProxyJump hetzner2\n${hop}`))).rejects.toMatchObject({
    code: 'ssh-forward-refused',
    failed: expect.stringContaining('hetzner2 cannot connect to'),
  })
})

test('an OpenSSH of the operator’s is used where it answers, needs no key, and is left as it is', async () => {
  const control = join(dir, 'cm')
  const master = spawn('ssh', ['-F', config(`  ControlPath ${control}`), '-M', '-N', 'hetzner1'], { stdio: 'ignore' })
  try {
    for (let tries = 0; tries < 200 && !existsSync(control); tries++) await new Promise((resolve) => setTimeout(resolve, 50))
    const keyless = withKey('/nonexistent', `  ControlPath ${control}`)
    const connections = connector({ configFile: keyless })
    const connection = await connections.to('hetzner1')
    expect(connection.way).toEqual({ by: 'master', because: `an OpenSSH answers at ${control}` })
    expect((await connection.run('echo through', { timeoutMs })).stdout).toBe('through\n')
    await connections.close()
    expect(existsSync(control)).toBe(true)
    expect(master.exitCode).toBeNull()
    master.kill()
    await once(master, 'exit')
    await expect(connect(keyless)).rejects.toMatchObject({ code: 'ssh-auth' })
  } finally {
    master.kill()
  }
})

test('where OpenSSH is not let in either, its words are the cause, and an unknown host is never accepted', async () => {
  const known = join(dir, 'nobody')
  writeFileSync(known, '')
  const lax = config(`  UserKnownHostsFile "${known}"\n  StrictHostKeyChecking no\n  KnownHostsCommand /bin/true`)
  await expect(connect(lax)).rejects.toMatchObject({ code: 'ssh-refused', likely: expect.stringContaining('Host key verification failed') })
  const jump = withKey(
    nodes.identityFile,
    `  UserKnownHostsFile "${nodes.knownHostsFile}"\n  ProxyJump bastion\n  KnownHostsCommand /bin/true\nHost bastion\n  HostName 127.0.0.1\n  Port ${nodes.node('hetzner3').port}\n  User root\n  HostKeyAlias unheard\n  StrictHostKeyChecking no\n  UserKnownHostsFile "${known}"\n  IdentityFile "${nodes.identityFile}"`,
  )
  await expect(connect(jump)).rejects.toMatchObject({
    code: 'ssh-refused',
    likely: expect.stringMatching(/Host key verification failed|Connection closed/),
  })
  expect(readFileSync(known, 'utf8')).toBe('')
})

test('a server that says nothing to OpenSSH either is silent, and costs its patience once', async () => {
  let taken = 0
  const mute = createServer((socket) => {
    taken += 1
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = mute.address() as AddressInfo
    const connections = connector({ configFile: config(`  Port ${port}\n  ConnectTimeout 1\n  KnownHostsCommand /bin/true`) })
    opened.push(connections)
    for (let i = 0; i < 2; i++)
      await expect(connections.to('hetzner1')).rejects.toMatchObject({ code: 'ssh-timeout', likely: expect.stringContaining('timed out') })
    expect(taken).toBe(1)
  } finally {
    mute.close()
  }
})

test('who waits for a way that takes long is told what it printed', async () => {
  const told: string[] = []
  const file = config(
    `  ProxyCommand sh -c "echo Open https://login.example >&2; sleep 2; exec ssh -F '${nodes.configFile}' -W %h:%p hetzner2"`,
  )
  const connections = connector({ configFile: file, tell: (what) => void told.push(what) })
  opened.push(connections)
  await connections.to('hetzner1')
  expect(told).toContain('Waiting for hetzner1 over SSH: Open https://login.example')
})

test('what OpenSSH starts for us knows no token of ours', async () => {
  mkdirSync(join(dir, 'seen'))
  const seen = (what: string) => `env > '${dir}/seen/${what}'`
  process.env['CLOUDFLARE_API_TOKEN'] = 'not-for-others'
  process.env['NEON_API_KEY'] = 'not-for-others'
  try {
    const proxied = `  ProxyCommand sh -c "${seen('proxy')}; exec ssh -F '${nodes.configFile}' -W %h:%p hetzner2"`
    await connect(
      config(
        `  KnownHostsCommand /bin/sh -c "${seen('known')}; cat '${nodes.knownHostsFile}'"\n${proxied}\nMatch originalhost hetzner1 exec "${seen('match')}"`,
      ),
    )
    await connect(config(proxied.replace('proxy', 'library')))
    expect(readdirSync(join(dir, 'seen')).sort()).toEqual(['known', 'library', 'match', 'proxy'])
    for (const name of ['known', 'library', 'match', 'proxy'])
      expect(readFileSync(join(dir, 'seen', name), 'utf8')).not.toContain('not-for-others')
  } finally {
    delete process.env['CLOUDFLARE_API_TOKEN']
    delete process.env['NEON_API_KEY']
  }
})
