import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The socket behind a link whose round trip takes `ms` longer; order is kept, nothing is lost. */
export const slowLink = (socket: Socket, ms: number): Duplex => {
  const later = (act: () => void) => void setTimeout(act, ms / 2)
  const link = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      later(() => socket.writable && socket.write(chunk))
      done()
    },
    final(done) {
      later(() => socket.end())
      done()
    },
    destroy(error, done) {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk) => later(() => link.destroyed || link.push(chunk)))
  socket.on('end', () => later(() => link.destroyed || link.push(null)))
  socket.on('close', () => later(() => link.destroy()))
  socket.on('error', (error) => link.destroy(error))
  return link
}
