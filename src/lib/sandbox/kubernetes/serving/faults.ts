import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { certifiedUser } from '../access/user.ts'
import type { Fault } from '../types.ts'
import { answer } from './responses.ts'

export interface Faults {
  add(fault: Fault): () => void
  /** Shows the first fault that matches; true when it has answered (or never will). */
  meet(request: IncomingMessage, response: ServerResponse | undefined): Promise<boolean>
  clear(): void
}

interface Active {
  readonly fault: Fault
  left: number
}

/** `without`: what the server itself cannot be without is not there; it answers so. */
export function createFaults(without: () => Fault['answer'] = () => undefined): Faults {
  const active = new Set<Active>()
  const waits = new Set<() => void>()
  return {
    add: (fault) => {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      active.add(entry)
      return () => void active.delete(entry)
    },
    clear: () => {
      active.clear()
      for (const wake of [...waits]) wake()
    },
    meet: async (request, response) => {
      const own = without()
      if (active.size === 0 && own === undefined) return false
      const seen = {
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        user: certifiedUser(request.socket as TLSSocket)?.name ?? 'system:anonymous',
      }
      const met = [...active].find(({ fault, left }) => left > 0 && (fault.match?.(seen) ?? true))
      const entry: Active | undefined = own === undefined ? met : { fault: { answer: own }, left: 1 }
      if (!entry) return false
      if (--entry.left <= 0) active.delete(entry)
      const { delayMs, answer: how, after } = entry.fault
      if (delayMs)
        await new Promise<void>((done) => {
          const wake = () => {
            clearTimeout(timer)
            waits.delete(wake)
            done()
          }
          const timer = setTimeout(wake, delayMs)
          waits.add(wake)
        })
      if (how === undefined) return false
      if (after && response) {
        lose(response, how === 'reset')
        return false
      }
      if (how === 'silence') return true
      if (how === 'reset' || !response) {
        ;(request.socket as TLSSocket).destroy()
        return true
      }
      const reason = how.reason ?? 'InternalError'
      const body =
        how.body ??
        JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: how.message ?? reason,
          reason,
          details: {},
          code: how.status,
        })
      for (const [header, value] of Object.entries(how.headers ?? {})) response.setHeader(header, value)
      if (how.body === undefined) answer(response, how.status, JSON.parse(body))
      else {
        response.writeHead(how.status)
        response.end(body)
      }
      return true
    },
  }
}

/** Whatever is answered from now on is not sent; `cut`: the connection ends where the answer would. */
const lose = (response: ServerResponse, cut: boolean): void => {
  response.writeHead = () => response
  response.write = () => true
  response.end = () => {
    if (cut) response.socket?.destroy()
    return response
  }
}
