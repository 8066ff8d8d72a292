import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Dialed } from './connection.ts'

/** Makes a stream that already leads to Redis (a port-forward, an SSH channel) look like an address: a loopback port that is open only as long as it is needed. */
export const dialThrough = async (open: () => Promise<Duplex>, name: string): Promise<Dialed> => {
  const far = await open()
  const sockets = new Set<Socket>()
  const listener = createServer((near) => {
    // One client is served, the next one is turned away: nobody else on this machine gets in behind us.
    listener.close()
    sockets.add(near)
    near.setNoDelay(true)
    // Each end takes the other down, or a dead tunnel would look like a silent server.
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
    if (far.destroyed) near.destroy()
    else near.pipe(far).pipe(near)
  })
  far.on('error', () => {})
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    name,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      far.destroy()
      listener.close()
    },
  }
}
