import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { seconds } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { agentFor } from './agent.ts'
import { requestTo } from './call.ts'
import { duplexPair } from './duplex-pair.ts'
import type { KubeClient } from './request.ts'

/** In this protocol each message begins with the number of its channel; the first on each channel is the port. */
const protocol = 'v4.channel.k8s.io'
const [data, errors] = [0, 1]
const openWithin = seconds(10)

/** One connection to a port of a pod. Any word on the error channel and any end of the WebSocket end it. Throws Unreachable (`kube-forward`) with the server's own words. */
export const forwardToPod = async (
  client: KubeClient,
  { namespace, pod, port }: { readonly namespace: string; readonly pod: string; readonly port: number },
): Promise<Duplex> => {
  // Not in an event, where nobody would hear that such a name cannot be typed.
  const next = sh`kubectl -n ${namespace} describe pod ${pod}`
  const refused = (cause: string, error?: unknown) =>
    new Unreachable(
      {
        code: 'kube-forward',
        failed: `Port ${port} of pod ${namespace}/${pod} cannot be forwarded`,
        cause,
        next,
      },
      { cause: error },
    )
  const [connected, server] = await Promise.all([client.connected(), client.server()])
  const { default: Socket } = await import('ws')
  const { options, base, protocol: scheme } = await requestTo(server, connected, {})
  const { host, port: at, headers, ...tls } = options
  const bracketed = host?.includes(':') ? `[${host}]` : host
  const path = `${base}/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward?ports=${port}`
  const agent = connected.loaded.cluster['proxy-url'] ? await agentFor(connected.loaded, false) : undefined
  const socket = new Socket(`${scheme === 'http:' ? 'ws' : 'wss'}://${bracketed}:${at}${path}`, [protocol], {
    ...tls,
    headers: headers as Record<string, string>,
    handshakeTimeout: openWithin,
    perMessageDeflate: false,
    ...(agent && { agent }),
  })
  const [ours, theirs] = duplexPair()
  await opened(socket, refused)
  const said = new Set<number>()
  socket.on('message', (message: Buffer) => {
    const channel = message[0] ?? -1
    const isPort = !said.has(channel)
    said.add(channel)
    if (isPort || message.length < 2) return
    if (channel === errors) ours.destroy(refused(message.subarray(1).toString().trim()))
    else if (channel === data && !theirs.write(message.subarray(1))) {
      socket.pause()
      theirs.once('drain', () => socket.resume())
    }
  })
  socket.on('close', () => ours.destroy())
  socket.on('error', (error: Error) => ours.destroy(refused(error.message, error)))
  theirs.on('data', (chunk: Buffer) => {
    if (socket.readyState === Socket.OPEN) socket.send(Buffer.concat([Buffer.from([data]), chunk]))
  })
  theirs.on('error', () => {})
  theirs.on('end', () => socket.close())
  ours.on('close', () => socket.close())
  return ours
}

const opened = (socket: WebSocket, refused: (cause: string, error?: unknown) => Unreachable): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (error) => reject(refused(error.message, error)))
    socket.once('unexpected-response', (request, response) => {
      wordsOf(response).then((words) => {
        reject(refused(`The API server answered ${response.statusCode}${words ? `: ${words}` : ''}`))
        request.destroy()
      })
    })
  })

/** The server's sentence: a Status of Kubernetes, or what stands there as text. */
const wordsOf = async (response: IncomingMessage): Promise<string> => {
  let text = ''
  try {
    for await (const chunk of response) {
      text += String(chunk)
      if (text.length > 10_000) break
    }
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return text.startsWith('<') ? '' : text.slice(0, 300).trim()
  }
}
