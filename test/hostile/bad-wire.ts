import { ServerResponse } from 'node:http'
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
  delay: 'each piece 400 ms late, each way: 0.8 s there and back',
  drip: 'the answer byte by byte',
  bomb: 'an answer without end',
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
  /** Told of each connection onward, by the port that it comes from. */
  opened: ((port: number) => void) | undefined
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
    opened: undefined,
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
    onward.on('connect', () => wire.opened?.(onward.localPort ?? 0))
    if (fault === 'bomb') return flood(socket)
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

/** No end, for whoever takes it: so much that a reader without a limit would be seen. */
const most = 400e6

/** Lines that are no answer, for as long as they are taken. */
const flood = (to: Socket): void => {
  const lines = Buffer.from(`${'x'.repeat(78)}\r\n`.repeat(800))
  let sent = 0
  const pour = () => {
    while (!to.destroyed && sent < most) {
      sent += lines.length
      if (!to.write(lines)) return
    }
  }
  to.on('drain', pour).resume()
  pour()
}

/** Connections, by the port that they come from, over which no HTTP server of this process comes to the end of an answer. */
export const withoutEnd = (): { readonly from: (port: number) => void; readonly heal: () => void } => {
  const ports = new Set<number>()
  const { end } = ServerResponse.prototype
  const { writeHead } = ServerResponse.prototype
  const blanks = Buffer.alloc(65_536, ' ')
  const bombed = (response: ServerResponse) => ports.has(response.socket?.remotePort ?? 0)
  ServerResponse.prototype.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
    const headers = rest.at(-1)
    if (bombed(this)) {
      this.removeHeader('content-length')
      if (typeof headers === 'object' && headers !== null && !Array.isArray(headers))
        for (const name of Object.keys(headers))
          if (name.toLowerCase() === 'content-length') delete (headers as Record<string, unknown>)[name]
    }
    return (writeHead as (...args: unknown[]) => ServerResponse).call(this, status, ...rest)
  } as typeof writeHead
  ServerResponse.prototype.end = function (this: ServerResponse, chunk?: unknown, ...rest: unknown[]) {
    if (!bombed(this)) return (end as (...args: unknown[]) => ServerResponse).call(this, chunk, ...rest)
    if (!this.headersSent) this.removeHeader('content-length')
    if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) this.write(chunk)
    let sent = 0
    const pour = () => {
      while (!this.destroyed && sent < most) {
        sent += blanks.length
        if (!this.write(blanks)) return
      }
    }
    this.on('drain', pour)
    pour()
    return this
  } as typeof end
  return { from: (port) => ports.add(port), heal: () => Object.assign(ServerResponse.prototype, { end, writeHead }) }
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
