import { type IncomingMessage, request as plainly } from 'node:http'
import { request as securely } from 'node:https'
import type { Readable } from 'node:stream'
import { type Duration, limited } from '../../clock.ts'
import { agentFor } from './agent.ts'
import { requestTo } from './call.ts'
import type { KubeClient } from './request.ts'
import { connectionTrouble, statusTrouble } from './trouble.ts'

/** So long may a server take until it begins to answer. */
const beginsWithin: Duration = 15_000
/** A refusal is a sentence; what is longer is not read. */
const longestRefusal = 64 * 1024

/**
 * The body of a GET as it comes, on a connection of its own: it may be read slowly, or never end. A connection that died is noticed by TCP.
 * Throws Unreachable as other calls do, with the server's own sentence where it refuses. `signal` ends it.
 */
export const openStream = async (client: KubeClient, path: string, signal: AbortSignal): Promise<Readable> => {
  const connected = await client.connected()
  const server = await client.server()
  const { options, base, protocol } = await requestTo(server, connected, { accept: 'application/json, */*' })
  const agent = await agentFor(connected.loaded, false)
  const begun = new AbortController()
  const limit = limited(beginsWithin, signal)
  const late = () => begun.abort()
  limit.signal.addEventListener('abort', late, { once: true })
  if (limit.signal.aborted) begun.abort()
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = protocol === 'http:' ? plainly : securely
      const request = send({ ...options, method: 'GET', path: base + path, agent, signal: begun.signal }, resolve)
      request.on('socket', (socket) => socket.setKeepAlive(true, 15_000))
      request.on('error', reject)
      request.end()
    })
    if (response.statusCode !== 200) throw statusTrouble(response.statusCode ?? 0, await sentenceOf(response), `GET ${path}`, server)
    // From here on the caller ends it; what is left of the time to begin does not.
    limit.signal.removeEventListener('abort', late)
    const stop = () => response.destroy(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    response.once('close', () => {
      signal.removeEventListener('abort', stop)
      agent.destroy()
    })
    return response
  } catch (error) {
    agent.destroy()
    if (signal.aborted) throw signal.reason
    throw connectionTrouble(limit.isOver() ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, server)
  }
}

const sentenceOf = async (response: Readable): Promise<string> => {
  let text = ''
  for await (const chunk of response) {
    text += chunk
    if (text.length > longestRefusal) return ''
  }
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return text.trim().slice(0, 500)
  }
}
