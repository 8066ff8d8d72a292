import { connect, type Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Pod } from '../controllers/objects.ts'

export type Reach = (port: number) => { readonly host: string; readonly port: number } | undefined

/** What the kubelet says where nothing listens. */
export const refused = (pod: Pod, port: number, because = 'connect: connection refused'): string =>
  `error forwarding port ${port} to pod ${pod.metadata.uid}, uid : failed to execute portforward in network namespace: failed to connect to localhost:${port} inside namespace: dial tcp4 127.0.0.1:${port}: ${because}`

/** Port-forward over channels: for the i-th port data on 2i and errors on 2i+1, each opened by a frame with the port's number. */
export function forwardChannels(socket: WebSocket, pod: Pod, ports: readonly number[], reach: Reach): void {
  const send = (channel: number, data: Buffer) =>
    socket.readyState === socket.OPEN && socket.send(Buffer.concat([Buffer.from([channel]), data]))
  const targets: (Socket | undefined)[] = ports.map((port, i) => {
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    send(2 * i, number)
    send(2 * i + 1, number)
    const place = reach(port)
    const fail = () => send(2 * i + 1, Buffer.from(refused(pod, port)))
    if (!place) {
      fail()
      return undefined
    }
    const target = connect({ ...place, noDelay: true })
    target.on('data', (data) => send(2 * i, data))
    target.on('error', fail)
    target.on('close', () => socket.close(1000))
    return target
  })
  if (targets.every((target) => target === undefined)) socket.close(1000)
  socket.on('message', (message: Buffer) => {
    const at = message[0] ?? 255
    if (at % 2 === 0) targets[at / 2]?.write(message.subarray(1))
  })
  socket.on('close', () => {
    for (const target of targets) target?.destroy()
  })
}
