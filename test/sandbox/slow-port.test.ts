import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startSlowPort } from '../../src/lib/sandbox/slow-port.ts'

test('bytes arrive whole, in order and later, and stop leaves nothing open', async () => {
  const echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const slow = await startSlowPort((echo.address() as AddressInfo).port, 20)
  const socket = connect(slow.port, '127.0.0.1')
  socket.on('error', () => {})
  const text = 'x'.repeat(300_000)
  const began = performance.now()
  socket.write(text)
  let back = ''
  for await (const chunk of socket) {
    back += String(chunk)
    if (back.length >= text.length) break
  }
  expect(back).toBe(text)
  // Timers never fire early: a lower bound holds on any machine.
  expect(performance.now() - began).toBeGreaterThanOrEqual(38)
  await slow.stop()
  const refused = connect(slow.port, '127.0.0.1')
  expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
  echo.close()
})
