import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * A port at which a connection neither opens nor is refused, as at a machine that is gone: a listener that is stopped, its queue full. `close` ends it.
 */
export const openBlackhole = async (): Promise<{ readonly port: number; readonly close: () => void }> => {
  const listens =
    "const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
  const child = spawn(process.execPath, ['-e', listens], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(said.toString())
  child.kill('SIGSTOP')
  const queued: Socket[] = []
  const close = () => {
    for (const socket of queued) socket.destroy()
    child.kill('SIGKILL')
  }
  // Linux takes one more than it was told; those that find no room go on trying, and so does who comes after them.
  for (let full = false; !full && queued.length < 16; ) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    queued.push(socket)
    full = await Promise.race([once(socket, 'connect').then(() => false), new Promise<true>((r) => setTimeout(r, 500, true))])
  }
  return { port, close }
}
