import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Unreachable } from '../../../src/lib/errors.ts'
import { type HttpOptions, httpSystem } from '../../../src/lib/systems/http/http.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const health = 'https://api.myhoneydue.com/api/health/'
const open = (hostaddr = sandbox().environment.hostaddr, more: Partial<HttpOptions> = {}) =>
  httpSystem({ hostaddr, caFile: `${sandbox().dir}/ca.crt`, ...more }).read

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
/** A port of ours that treats each connection so. */
const listening = async (serve: (socket: Socket) => void): Promise<Readonly<Record<string, string>>> => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { 'api.myhoneydue.com': `127.0.0.1:${(server.address() as AddressInfo).port}` }
}
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error: unknown) => (error instanceof Unreachable ? error.code : String(error)),
  )

test('asks a public name where hostaddr says that it lives, and tells status, headers and time', async () => {
  const { status, headers, latencyMs } = await open().get(health)
  expect([status, headers['content-type'], latencyMs > 0]).toEqual([200, 'application/json', true])
  expect((await open().get('https://api.myhoneydue.com/none')).status).toBe(404)
})

test('a certificate is held to the name and to the authorities that are trusted', async () => {
  expect(await codeOf(httpSystem({ hostaddr: sandbox().environment.hostaddr }).read.get(health))).toBe('http-tls')
  const elsewhere = { 'another.example': sandbox().environment.hostaddr['api.myhoneydue.com'] ?? '' }
  expect(await codeOf(open(elsewhere).get('https://another.example/'))).toBe('http-tls')
})

test('each way of not answering has its code, and none waits for ever', async () => {
  const silent = await listening(() => {})
  const gone = await listening((socket) => socket.destroy())
  const banner = await listening((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  const closed = await listening(() => {})
  const [closing] = servers.splice(-1)
  closing?.close()
  expect(await codeOf(open(silent, { timeout: 300 }).get(health))).toBe('http-silent')
  expect(await codeOf(open(gone).get(health))).toBe('http-lost')
  expect(await codeOf(open(banner).get(health))).toBe('http-tls')
  expect(await codeOf(open(closed).get(health))).toBe('http-refused')
  expect(await codeOf(open({}).get('https://no-such-name.invalid/'))).toBe('http-no-such-host')
  expect(await codeOf(open().get('http://api.myhoneydue.com/'))).toContain('is no https URL')
})

test('an abort ends it with its own reason', async () => {
  const silent = await listening(() => {})
  const ending = new AbortController()
  const asked = codeOf(open(silent, { signal: ending.signal }).get(health))
  ending.abort(new Error('stop'))
  expect(await asked).toBe('Error: stop')
})
