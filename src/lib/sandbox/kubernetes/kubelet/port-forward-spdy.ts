import { connect, type Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Pod } from '../controllers/objects.ts'
import { type Reach, refused } from './port-forward.ts'
import { createSpdy } from './spdy.ts'

/** The subprotocol of kubectl ≥ 1.31: SPDY/3.1 frames inside of binary WebSocket messages. */
export const tunnel = 'SPDY/3.1+portforward.k8s.io'

/** Port-forward as kubectl does it: for each connection a stream for errors and one for data, paired by their request id. */
export function forwardSpdy(socket: WebSocket, pod: Pod, reach: Reach): void {
  const errors = new Map<string, number>()
  const targets = new Map<number, Socket>()
  const early = new Map<number, Buffer[]>()
  const spdy = createSpdy({
    send: (frame) => socket.readyState === socket.OPEN && socket.send(frame),
    opened: (stream, headers) => {
      spdy.reply(stream)
      const id = headers['requestid'] ?? ''
      const port = Number(headers['port'])
      if (headers['streamtype'] === 'error') return void errors.set(id, stream)
      const fail = () => {
        const to = errors.get(id)
        if (to !== undefined) spdy.data(to, Buffer.from(refused(pod, port)), true)
        spdy.data(stream, Buffer.alloc(0), true)
      }
      const place = reach(port)
      if (!place) return fail()
      const target = connect({ ...place, noDelay: true, allowHalfOpen: true })
      targets.set(stream, target)
      for (const data of early.get(stream) ?? []) target.write(data)
      target.on('data', (data) => spdy.data(stream, data, false))
      target.on('error', fail)
      target.on('end', () => {
        spdy.data(stream, Buffer.alloc(0), true)
        const to = errors.get(id)
        if (to !== undefined) spdy.data(to, Buffer.alloc(0), true)
        errors.delete(id)
      })
      target.on('close', () => targets.delete(stream))
    },
    received: (stream, data, last) => {
      const target = targets.get(stream)
      if (data.length > 0) target?.write(data)
      if (last) target?.end()
    },
    ended: (stream) => targets.get(stream)?.destroy(),
  })
  socket.on('message', (message: Buffer) => spdy.feed(message))
  socket.on('close', () => {
    for (const target of targets.values()) target.destroy()
    spdy.close()
  })
}
