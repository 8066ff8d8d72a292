import { constants, createDeflate, createInflate } from 'node:zlib'
import { dictionary } from './spdy-dictionary.ts'

interface Peer {
  readonly send: (frame: Buffer) => void
  readonly opened: (stream: number, headers: Readonly<Record<string, string>>) => void
  readonly received: (stream: number, data: Buffer, last: boolean) => void
  readonly ended: (stream: number) => void
}

const synStream = 1
const synReply = 2
const reset = 3
const ping = 6
const largest = 16 * 1024 * 1024

/** The server's end of a SPDY/3.1 connection: streams that the client opens, data, pings, resets; no flow control beyond what kubectl asks for. */
export function createSpdy(peer: Peer) {
  const inflate = createInflate({ dictionary, finishFlush: constants.Z_SYNC_FLUSH })
  const deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH })
  // Header blocks share one compression state: they are worked off one after the other, in the order of the frames.
  let turn: Promise<void> = Promise.resolve()
  let buffer = Buffer.alloc(0)
  const through = (zlib: ReturnType<typeof createInflate> | ReturnType<typeof createDeflate>, data: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const collect = (chunk: Buffer) => void chunks.push(chunk)
      zlib.on('data', collect)
      zlib.once('error', reject)
      zlib.write(data)
      zlib.flush(constants.Z_SYNC_FLUSH, () => {
        zlib.off('data', collect)
        zlib.off('error', reject)
        resolve(Buffer.concat(chunks))
      })
    })
  const control = (type: number, flags: number, body: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt16BE(0x8003, 0)
    head.writeUInt16BE(type, 2)
    head.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4)
    peer.send(Buffer.concat([head, body]))
  }
  const word = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value >>> 0)
    return bytes
  }
  const frame = async (head: Buffer, body: Buffer): Promise<void> => {
    const flags = head[4] ?? 0
    if ((head[0] ?? 0) < 0x80) {
      const stream = head.readUInt32BE(0)
      peer.received(stream, body, (flags & 1) === 1)
      // The client may send as much again as it has sent.
      if (body.length > 0) for (const of of [stream, 0]) control(9, 0, Buffer.concat([word(of), word(body.length)]))
      return
    }
    const type = head.readUInt16BE(2)
    if (type === ping && body.length >= 4 && body.readUInt32BE(0) % 2 === 1) control(ping, 0, body)
    if (type === reset && body.length >= 4) peer.ended(body.readUInt32BE(0))
    if (type === synStream && body.length >= 10) {
      const headers = readHeaders(await through(inflate, body.subarray(10)))
      peer.opened(body.readUInt32BE(0) & 0x7fffffff, headers)
    }
  }
  return {
    feed: (data: Buffer): void => {
      buffer = Buffer.concat([buffer, data])
      while (buffer.length >= 8) {
        const length = buffer.readUIntBE(5, 3)
        if (length > largest || buffer.length < 8 + length) return
        const head = buffer.subarray(0, 8)
        const body = buffer.subarray(8, 8 + length)
        buffer = buffer.subarray(8 + length)
        turn = turn.then(() => frame(head, body)).catch(() => undefined)
      }
    },
    reply: (stream: number): void => {
      turn = turn
        .then(async () => control(synReply, 0, Buffer.concat([word(stream), await through(deflate, word(0))])))
        .catch(() => undefined)
    },
    data: (stream: number, data: Buffer, last: boolean): void => {
      turn = turn
        .then(() => {
          const head = Buffer.alloc(8)
          head.writeUInt32BE(stream, 0)
          head.writeUInt32BE((((last ? 1 : 0) << 24) | data.length) >>> 0, 4)
          peer.send(Buffer.concat([head, data]))
        })
        .catch(() => undefined)
    },
    close: (): void => {
      inflate.close()
      deflate.close()
    },
  }
}

function readHeaders(block: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = 4
  const text = () => {
    const length = block.readUInt32BE(at)
    at += 4 + length
    return block.subarray(at - length, at).toString()
  }
  const count = Math.min(block.length >= 4 ? block.readUInt32BE(0) : 0, 100)
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase()
    headers[name] = text()
  }
  return headers
}
