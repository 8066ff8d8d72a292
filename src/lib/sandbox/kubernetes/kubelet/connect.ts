import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { as, type Pod } from '../controllers/objects.ts'
import { badRequest, StatusError } from '../status.ts'
import type { KubeletRequest, Workloads } from '../types.ts'
import { attach, exec } from './exec.ts'
import type { Kubelet } from './kubelet.ts'
import { containerOf } from './log-request.ts'
import { forwardChannels } from './port-forward.ts'
import { forwardSpdy, tunnel } from './port-forward-spdy.ts'

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

const redisPort = 6379
const commands = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']
const forwards = [tunnel, 'v4.channel.k8s.io']

/** Takes over an upgrade for exec, attach or port-forward; what cannot be is refused before the 101. */
export function connectTo(
  kubelet: Kubelet,
  workloads: Workloads,
  kind: 'exec' | 'attach' | 'portforward',
  { pod: found, query }: KubeletRequest,
  upgrade: Upgrade,
): void {
  const pod = as<Pod>(found)
  const { name } = pod.metadata
  const container = kind === 'portforward' ? '' : containerOf(pod, query.get('container'))
  if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`)
  const env = kind === 'portforward' ? {} : kubelet.environment(pod, container)
  if (!env)
    throw new StatusError(
      500,
      'InternalError',
      `Internal error occurred: unable to upgrade connection: container not found ("${container}")`,
      {},
    )
  const command = query.getAll('command')
  if (kind === 'exec' && command.length === 0) throw badRequest('you must specify at least 1 command')
  // kubectl asks once more in the older protocol what was refused in this one, and shows the second answer.
  if (upgrade.request.method !== 'GET' || (upgrade.request.headers.upgrade ?? '').toLowerCase() !== 'websocket')
    throw badRequest('Upgrade request required')
  const offered = (upgrade.request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim())
  const protocol = offered.find((one) => (kind === 'portforward' ? forwards : commands).includes(one))
  if (protocol === undefined)
    throw badRequest(
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts ${kind === 'portforward' ? forwards.join(' ') : commands.join(' ')}`,
    )
  // The name of kubectl's tunnel has a slash, which ws refuses to read: the choice is made here and only announced by it.
  delete upgrade.request.headers['sec-websocket-protocol']
  const server = new WebSocketServer({ noServer: true })
  server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  const opened = (socket: WebSocket): void => {
    socket.binaryType = 'nodebuffer'
    socket.on('error', () => socket.terminate())
    const reach = (port: number) => workloads.reach?.(pod, port)
    const asked = { protocol, command, env, tty: query.get('tty') === 'true', stdin: query.get('stdin') === 'true' }
    if (kind === 'exec') exec(socket, { ...asked, redis: reach(redisPort) })
    else if (kind === 'attach') attach(socket, kubelet.log(pod, container, false))
    else if (protocol === tunnel) forwardSpdy(socket, pod, reach)
    else
      forwardChannels(
        socket,
        pod,
        query
          .getAll('ports')
          .flatMap((text) => text.split(','))
          .map(Number),
        reach,
      )
  }
  server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, opened)
}
