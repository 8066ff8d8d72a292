import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as later } from 'node:timers'
import { listenOnLoopback } from '../../src/lib/sandbox/loopback.ts'

/** What a connection meets on its way: cut at once, no answer at all, an end after some bytes, silence or a cut after some, slowness. */
export const faults = {
  reset: 'cut as soon as something is sent',
  stall: 'accepted, and never answered',
  truncate: 'ended after 700 bytes of the answer',
  'stall after 700 B': 'silent after 700 bytes of the answer',
  'reset after 1500 B': 'cut after 1500 bytes of the answer',
  delay: 'each piece 400 ms late',
  drip: 'the answer byte by byte',
} as const
export type Fault = keyof typeof faults

export interface Wire {
  readonly port: number
  /** Of each connection from now on; undefined: a good wire. */
  fault: Fault | undefined
  /** Only the connection of this number (from 0) since it was set meets the fault. */
  only: number | undefined
  /** Connections since the fault was set. */
  seen: number
  /** Cuts every connection that is open now; new ones are good. */
  cut(): void
  /** The next that is answered on any connection is not passed on: that connection is cut, or silent from then on. */
  loseAnswer(how: 'reset' | 'silence'): void
  stop(): Promise<void>
}

/** A port of 127.0.0.1 that leads to another one, well or badly. */
export const badWire = async (target: number): Promise<Wire> => {
  const open = new Set<Socket>()
  let lose: 'reset' | 'silence' | undefined
  const wire: Wire & { port: number } = {
    port: 0,
    fault: undefined,
    only: undefined,
    seen: 0,
    cut: () => {
      for (const socket of open) socket.resetAndDestroy()
    },
    loseAnswer: (how) => {
      lose = how
    },
    stop: async () => {
      lose = undefined
    },
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const number = wire.seen++
    const fault = wire.only === undefined || wire.only === number ? wire.fault : undefined
    const onward = connect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const one of [socket, onward]) {
      open.add(one)
      one.on('error', () => {})
      one.on('close', () => open.delete(one))
    }
    socket.on('close', () => onward.destroy())
    if (fault === 'stall') return void socket.resume()
    socket.on('data', (chunk) => {
      if (fault === 'reset') return void socket.resetAndDestroy()
      if (fault === 'delay') return void later(() => onward.writable && onward.write(chunk), 400)
      onward.write(chunk)
    })
    socket.on('end', () => onward.end())
    onward.on('data', () => {
      if (lose === undefined || socket.destroyed) return
      const how = lose
      lose = undefined
      onward.removeAllListeners('data').resume()
      if (how === 'reset') socket.resetAndDestroy()
    })
    answer(onward, socket, fault)
  })
  wire.port = await listenOnLoopback(server)
  wire.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of open) socket.destroy()
    })
  return wire
}

const answer = (from: Socket, to: Socket, fault: Fault | undefined): void => {
  let sent = 0
  const limit =
    fault === 'reset after 1500 B' ? 1500 : fault === 'truncate' || fault === 'stall after 700 B' ? 700 : Number.POSITIVE_INFINITY
  const dripping: number[] = []
  const drip = () => {
    const byte = dripping.shift()
    if (byte === undefined || !to.writable) return
    to.write(Buffer.from([byte]))
    later(drip, 20)
  }
  from.on('data', (chunk: Buffer) => {
    if (fault === 'delay') return void later(() => to.writable && to.write(chunk), 400)
    if (fault === 'drip') {
      const idle = dripping.length === 0
      dripping.push(...chunk)
      if (idle) drip()
      return
    }
    const part = chunk.subarray(0, Math.max(0, limit - sent))
    sent += part.length
    if (part.length > 0) to.write(part)
    if (sent < limit) return
    if (fault === 'truncate') to.end()
    if (fault === 'reset after 1500 B') to.resetAndDestroy()
  })
  from.on('close', () => {
    if (sent < limit && fault !== 'delay' && fault !== 'drip') to.destroy()
    if (fault === 'delay') later(() => to.destroy(), 500)
  })
}
