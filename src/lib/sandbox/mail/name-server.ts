import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { zoneName } from '../deployment/facts.ts'

/** Records of one name: texts, and where it takes mail by its rank. */
export interface NameRecords {
  readonly texts?: readonly string[]
  readonly exchanges?: readonly (readonly [rank: number, host: string])[]
}

export interface NameServer {
  readonly port: number
  readonly records: Map<string, NameRecords>
  /** What it does in the place of an answer. */
  trouble: 'none' | 'silence' | 'server failure' | 'refuses'
  reset(): void
  stop(): Promise<void>
}

/** What a domain has whose mail Fastmail sends and takes. */
const atFirst = (): readonly (readonly [string, NameRecords])[] => [
  [
    zoneName,
    {
      texts: ['v=spf1 include:spf.sandbox.invalid ~all', 'some-verification=1'],
      exchanges: [
        [20, 'in2-smtp.sandbox.invalid'],
        [10, 'in1-smtp.sandbox.invalid'],
      ],
    },
  ],
  [`_dmarc.${zoneName}`, { texts: ['v=DMARC1; p=quarantine; rua=mailto:postmaster@sandbox.invalid'] }],
  ...['one', 'two'].map((selector) => [`${selector}._domainkey.${zoneName}`, { texts: [`v=DKIM1; k=rsa; p=${'A'.repeat(300)}`] }] as const),
]

const types = { mx: 15, txt: 16 } as const
const codes = { none: 0, silence: 0, 'server failure': 2, refuses: 5 } as const
const noSuchName = 3

/** A name server over UDP for what is asked of one about a sender: MX and TXT. */
export const startNameServer = async (): Promise<NameServer> => {
  const socket = createSocket('udp4')
  socket.on('message', (asked, from) => {
    if (state.trouble === 'silence') return
    socket.send(answerTo(asked, state), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const state: NameServer = {
    port: socket.address().port,
    records: new Map(atFirst()),
    trouble: 'none',
    reset() {
      state.trouble = 'none'
      state.records.clear()
      for (const [name, records] of atFirst()) state.records.set(name, records)
    },
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  }
  return state
}

const answerTo = (asked: Buffer, { records, trouble }: NameServer): Buffer => {
  const { name, end } = nameAt(asked, 12)
  const type = asked.readUInt16BE(end)
  const found = records.get(name.toLowerCase())
  const data = trouble === 'none' ? dataOf(type, found ?? {}) : []
  const head = Buffer.alloc(12)
  asked.copy(head, 0, 0, 2)
  const code = trouble === 'none' && found === undefined ? noSuchName : codes[trouble]
  // An answer, to a question that wanted a recursive one, and got it.
  head.writeUInt16BE(0x8180 | code, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 6)
  return Buffer.concat([head, asked.subarray(12, end + 4), ...data.map((one) => record(type, one))])
}

const dataOf = (type: number, { texts = [], exchanges = [] }: NameRecords): readonly Buffer[] => {
  if (type === types.txt)
    return texts.map((text) => Buffer.concat(pieces(text).map((piece) => Buffer.concat([Buffer.from([piece.length]), piece]))))
  if (type !== types.mx) return []
  return exchanges.map(([rank, host]) => Buffer.concat([Buffer.from([rank >> 8, rank & 255]), labels(host)]))
}

/** A string of a record has 255 bytes at most. */
const pieces = (text: string): readonly Buffer[] => {
  const all = Buffer.from(text)
  return Array.from({ length: Math.max(1, Math.ceil(all.length / 255)) }, (_, i) => all.subarray(i * 255, (i + 1) * 255))
}

const labels = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

/** Its name is the question's, where that stands. */
const record = (type: number, data: Buffer): Buffer => {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

const nameAt = (packet: Buffer, from: number): { readonly name: string; readonly end: number } => {
  const found: string[] = []
  let at = from
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    found.push(packet.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: found.join('.'), end: at + 1 }
}
