import { createServer as createHttp } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

const joined = (one: Socket, other: Socket): void => {
  one.on('error', () => other.destroy()).on('close', () => other.destroy())
  other.on('error', () => one.destroy()).on('close', () => one.destroy())
  one.pipe(other).pipe(one)
}

export interface OpenProxy {
  readonly url: string
  /** "host:port" of each connection that was asked for. */
  readonly asked: string[]
  readonly close: () => void
}

/** A proxy as squid is one: it opens what CONNECT names. */
export const httpProxy = async (): Promise<OpenProxy> => {
  const asked: string[] = []
  const server = createHttp()
  server.on('connect', (request, client: Socket) => {
    asked.push(request.url ?? '')
    const [host, port] = (request.url ?? '').split(':')
    const there = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      joined(client, there)
    })
    there.on('error', () => client.destroy())
  })
  const port = await listening(server)
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() }
}

/** A proxy as `ssh -D` is one: version 5, no login, names or IPv4 addresses. */
export const socksProxy = async (): Promise<OpenProxy> => {
  const asked: string[] = []
  const server = createServer((client) => {
    client.on('error', () => {})
    client.once('data', () => {
      client.write(Buffer.from([5, 0]))
      client.once('data', (wanted: Buffer) => {
        const length = wanted[3] === 3 ? (wanted[4] ?? 0) : 4
        const from = wanted[3] === 3 ? 5 : 4
        const name = wanted.subarray(from, from + length)
        const host = wanted[3] === 3 ? name.toString() : [...name].join('.')
        const port = wanted.readUInt16BE(from + length)
        asked.push(`${host}:${port}`)
        const there = connect(port, host, () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          joined(client, there)
        })
        there.on('error', () => client.destroy())
      })
    })
  })
  const port = await listening(server)
  return { url: `socks5://127.0.0.1:${port}`, asked, close: () => server.close() }
}
