import { connect, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { tapped } from './tapped.ts'
import { cancelRequest, errorResponse, gssRequest, sslRequest } from './wire.ts'

export type EndpointName = 'direct' | 'pooler'

/** How an endpoint behaves towards new connections. Silence and refusal also cut the ones that stand. */
export interface Behaviour {
  readonly answer: 'normal' | 'silence' | 'reset'
  /** Before the first byte goes on, in milliseconds. */
  readonly delayMs?: number
}

export interface Front {
  readonly port: number
  behave(endpoint: EndpointName, behaviour: Behaviour): void
  behaviour(endpoint: EndpointName): Behaviour
  /** Ends every connection that stands. */
  cut(endpoint?: EndpointName): void
  stop(): Promise<void>
}

export interface FrontOptions {
  readonly certificate: string
  readonly key: string
  /** By server name, as TLS' SNI gives it. */
  readonly names: Readonly<Record<string, EndpointName>>
  /** The Unix socket that an endpoint leads to; may take its time, because PostgreSQL starts at first use. */
  backend(endpoint: EndpointName): Promise<string>
  /** A plain-text cancel request, which has no server name. */
  cancel(packet: Buffer): void
  readonly port?: number
}

/** One TCP port for both endpoints, as Neon has one address for both names: TLS always, routed by server name. */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const secureContext = createSecureContext({ cert: options.certificate, key: options.key, minVersion: 'TLSv1.2' })
  const open = new Map<Socket, EndpointName | undefined>()
  const behaviours: Record<EndpointName, Behaviour> = { direct: { answer: 'normal' }, pooler: { answer: 'normal' } }

  const encrypt = (socket: Socket): void => {
    let endpoint: EndpointName | undefined
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['postgresql'],
      SNICallback: (name, done) => {
        endpoint = options.names[name.toLowerCase()]
        open.set(socket, endpoint)
        const behaviour = endpoint ? behaviours[endpoint] : undefined
        if (behaviour?.answer === 'reset') return void socket.resetAndDestroy()
        // Never answering: the handshake hangs as it does behind a dead proxy.
        if (behaviour?.answer === 'silence') return
        if (!behaviour?.delayMs) return done(null, secureContext)
        const timer = setTimeout(() => done(null, secureContext), behaviour.delayMs)
        socket.once('close', () => clearTimeout(timer))
      },
    })
    tls.on('error', () => socket.destroy())
    tls.once('secure', () => {
      // Neon's sentence for a client that sends no server name.
      if (!endpoint)
        return void tls.end(
          errorResponse(
            '08P01',
            'Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass the endpoint ID (first part of the domain name) as a parameter',
          ),
        )
      options.backend(endpoint).then(
        (path) => join(tls, path),
        () => tls.end(errorResponse('57P03', "Couldn't connect to compute node")),
      )
    })
  }

  const server: Server = createServer({ noDelay: true }, (socket) => {
    open.set(socket, undefined)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => open.delete(socket))
    const first = (): void => {
      const head = socket.read(1) as Buffer | null
      if (head === null) return
      if (head[0] === 0x16) {
        socket.off('readable', first)
        socket.unshift(head)
        encrypt(socket)
        return
      }
      socket.unshift(head)
      const packet = socket.read(8) as Buffer | null
      if (packet === null) return
      const code = packet.readInt32BE(4)
      if (code === gssRequest) return void socket.write('N')
      socket.off('readable', first)
      if (code === sslRequest) {
        socket.write('S')
        encrypt(socket)
        return
      }
      if (code === cancelRequest) {
        const rest = socket.read(8) as Buffer | null
        if (rest) options.cancel(Buffer.concat([packet, rest]))
        return void socket.end()
      }
      socket.end(errorResponse('08P01', 'connection is insecure (try using `sslmode=require`)'))
    }
    socket.on('readable', first)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  const cut = (endpoint?: EndpointName): void => {
    for (const [socket, of] of open) if (!endpoint || of === endpoint) socket.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    behaviour: (endpoint) => behaviours[endpoint],
    behave(endpoint, behaviour) {
      behaviours[endpoint] = behaviour
      if (behaviour.answer !== 'normal') cut(endpoint)
    },
    cut,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}

const join = (tls: TLSSocket, path: string): void => {
  const backend = connect(path)
  backend.on('error', () => tls.destroy())
  backend.once('close', () => tls.destroy())
  tls.once('close', () => backend.destroy())
  tls.on('data', tapped())
  tls.pipe(backend)
  backend.pipe(tls)
}
