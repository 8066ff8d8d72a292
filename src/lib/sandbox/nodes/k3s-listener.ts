import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { NodeState } from './state.ts'

export interface K3sListener {
  /** On 127.0.0.1. */
  readonly port: number
  stop(): Promise<void>
}

/** A node's own 6443, for handshakes alone: it serves what k3s has there by then, and nothing while k3s is not active. */
export const listenAsK3s = async (state: Pick<NodeState, 'read'>): Promise<K3sListener> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const both = servedBy(state)
    if (both === undefined) return void socket.destroy()
    // Certificate and key stand in one: each is found by its own armour.
    new TLSSocket(socket, { isServer: true, cert: both, key: both }).on('error', () => socket.destroy()).resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Undefined while k3s is not active, and of a node whose files are just put back. */
const servedBy = (state: Pick<NodeState, 'read'>): string | undefined => {
  try {
    return state.read('services/k3s').trim() === 'active' ? state.read('k3s-serving') : undefined
  } catch {
    return undefined
  }
}
