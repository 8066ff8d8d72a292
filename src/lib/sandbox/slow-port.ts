import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { listenOnLoopback } from './loopback.ts'
import { slowLink } from './nodes/slow-link.ts'

export interface SlowPort {
  readonly port: number
  stop(): Promise<void>
}

/** A port of 127.0.0.1 that leads to another one, `delay` milliseconds later in each direction. */
export async function startSlowPort(target: number, delay: number): Promise<SlowPort> {
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const onward = connect({ host: '127.0.0.1', port: target, noDelay: true })
    const link = slowLink(socket, 2 * delay)
    for (const one of [socket, onward]) {
      open.add(one)
      one.on('close', () => open.delete(one))
    }
    link.on('error', () => onward.destroy()).on('close', () => onward.destroy())
    onward.on('error', () => link.destroy()).on('close', () => link.end())
    link.pipe(onward).pipe(link)
  })
  const port = await listenOnLoopback(server)
  return {
    port,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
