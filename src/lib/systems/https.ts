import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type Agent, request as send } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { Usage } from '../errors.ts'
import { placeOf } from './place.ts'

/** Where names live, and whom TLS trusts beside the public authorities. */
export interface Trust {
  /** TLS verifies the name, the connection goes to the address. */
  readonly hostaddr?: Readonly<Record<string, string>>
  /** A PEM file. */
  readonly caFile?: string
}

export interface Asked {
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  /** Keeps connections; without one, each request has its own. */
  readonly agent?: Agent
  /** A way there that is open already; TLS is spoken over it with the name all the same. */
  readonly through?: Duplex
}

/** Sends requests over verified TLS; each resolves at the last header, and rejects with the error of Node or OpenSSL. */
export const httpsTo = (trust: Trust): ((url: URL, asked: Asked) => Promise<IncomingMessage>) => {
  let context: Promise<SecureContext | undefined> | undefined
  return async (url, { method = 'GET', headers, body, signal, agent, through }) => {
    context ??= trust.caFile === undefined ? Promise.resolve(undefined) : trusting(trust.caFile)
    const secureContext = await context
    const place = placeOf(url.hostname, Number(url.port || 443), trust.hostaddr)
    return new Promise((resolve, reject) => {
      const request = send({
        method,
        host: place.host,
        port: place.port,
        path: url.pathname + url.search,
        servername: url.hostname,
        // Not even a variable of the operator's shell may take this away.
        rejectUnauthorized: true,
        headers: { host: url.host, 'user-agent': 'honeydue', ...headers },
        signal,
        ...(secureContext !== undefined && { secureContext }),
        // With an agent, Node would make the connection itself.
        ...(through === undefined
          ? { agent: agent ?? false }
          : {
              createConnection: () =>
                connect({
                  socket: through,
                  servername: url.hostname,
                  rejectUnauthorized: true,
                  ...(secureContext !== undefined && { secureContext }),
                }),
            }),
      })
      request.once('response', resolve)
      request.on('error', reject)
      request.end(body)
    })
  }
}

/** Made once: reading the public ones' certificates takes tens of milliseconds. */
const contexts = new Map<string, SecureContext>()

/** What TLS trusts with a file's own authorities beside the public ones. */
export const trusting = async (file: string): Promise<SecureContext> => {
  const own = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Usage(
      { code: 'ca-unreadable', failed: `${file}, which the environment names as ca, cannot be read`, next: 'honeydue config:explain' },
      { cause: error },
    )
  })
  const made = contexts.get(own) ?? createSecureContext({ ca: [...rootCertificates, own] })
  contexts.set(own, made)
  return made
}
