import { once } from 'node:events'
import type { AddressInfo, Server as TcpServer } from 'node:net'

/** Lets a server listen on a free port of 127.0.0.1; resolves with the port. */
export const listenOnLoopback = async (server: TcpServer): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Ends a server of HTTP with every connection that it has; resolves when it is gone. */
export const endServer = async (server: TcpServer & { closeAllConnections(): void }): Promise<void> => {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
