import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Connection as Served } from 'ssh2'
import { afterEach, expect, test, vi } from 'vitest'
import { newSshKey } from '../../../src/lib/sandbox/nodes/ssh-key.ts'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import { saveRoundTrips } from '../../../src/lib/systems/nodes/fewer-round-trips.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A server behind a link that holds back its name until an offer has been made to it, and all that it says after the key exchange until it has been asked to let somebody in. */
const serve = async (key: 'ed25519' | 'rsa', holding: boolean) => {
  const dir = mkdtempSync(join(tmpdir(), 'round-trips-'))
  ends.push(() => rmSync(dir, { recursive: true }))
  execFileSync('ssh-keygen', ['-q', '-t', key, '-N', '', '-f', join(dir, 'key')])
  const host = newSshKey('host')
  const asked: string[] = []
  let [armed, held] = [false, true]
  const kept: (() => void)[] = []
  const release = () => {
    armed = held = false
    for (const send of kept.splice(0)) send()
  }
  const server = new ssh2.Server({ hostKeys: [host.private] }, (client: Served) => {
    client.on('error', () => {})
    client.on('handshake', () => {
      armed = holding
    })
    client.on('authentication', (context) => {
      asked.push(context.method === 'publickey' && context.signature ? 'signed' : context.method)
      release()
      context.accept()
    })
  })
  const link = createServer((socket) => {
    const onward = connect((server.address() as AddressInfo).port, '127.0.0.1')
    for (const one of [socket, onward]) one.on('error', () => {})
    socket.on('data', (chunk) => {
      onward.write(chunk)
      if (chunk.includes('kex-strict-c')) release()
      // The keys are in place at both ends: what comes now asks for the service.
      held ||= armed
    })
    onward.on('data', (chunk) => (held ? kept.push(() => socket.write(chunk)) : socket.write(chunk)))
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  })
  for (const one of [server, link]) {
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
    ends.push(() => one.close())
  }
  const { port } = link.address() as AddressInfo
  writeFileSync(join(dir, 'known'), `node ${host.public}\n`)
  writeFileSync(
    join(dir, 'config'),
    `Host node\n  HostName 127.0.0.1\n  Port ${port}\n  HostKeyAlias node\n  UserKnownHostsFile ${dir}/known\n  IdentityFile ${dir}/key\n  IdentitiesOnly yes\n  IdentityAgent none\n  ConnectTimeout 5\n`,
  )
  const connections = connector({ configFile: join(dir, 'config') })
  ends.push(() => connections.close())
  return { connections, asked }
}

test('the offer for the key exchange does not wait for the name of the server', async () => {
  const { connections } = await serve('ed25519', false)
  await expect(connections.to('node')).resolves.toBeDefined()
})

test('a key is signed for at once, and before the service is accepted', async () => {
  const { connections, asked } = await serve('ed25519', true)
  await connections.to('node')
  expect(asked).toEqual(['signed'])
})

test('an RSA key waits for what the server accepts, and is then signed for at once', async () => {
  const { connections, asked } = await serve('rsa', false)
  await connections.to('node')
  expect(asked).toEqual(['signed'])
})

test('HONEYDUE_PLAIN_SSH leaves the library as it is', () => {
  const plain = () => ({ start: () => {}, rekey: () => {}, service: () => {}, authPK: () => {}, _handlers: { SERVICE_ACCEPT: () => {} } })
  const touched = (): boolean => {
    const protocol = plain()
    const before = { ...protocol }
    saveRoundTrips({ _protocol: protocol } as never, { rsa: false }, () => {})
    return Object.entries(before).some(([name, one]) => protocol[name as keyof typeof before] !== one)
  }
  vi.stubEnv('HONEYDUE_PLAIN_SSH', '1')
  ends.push(() => vi.unstubAllEnvs())
  expect(touched()).toBe(false)
  vi.unstubAllEnvs()
  expect(touched()).toBe(true)
})
