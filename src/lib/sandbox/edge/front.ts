import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { isIP } from 'node:net'
import type { Identity } from '../certificates.ts'
import { apiHost } from '../deployment/facts.ts'
import { endServer, listenOnLoopback } from '../loopback.ts'
import { addressIn } from './addresses.ts'
import type { CloudflareState, DnsRecord } from './api/state.ts'
import { type Origin, OriginFailure, type OriginPool, originPool, type Replied } from './origin.ts'
import { publishedRanges } from './ranges.ts'
import { sslModeFor } from './ssl-mode.ts'

export interface Front {
  readonly port: number
  /** Closes what is kept open to the nodes. */
  reset(): void
  stop(): Promise<void>
}

export interface FrontOptions {
  readonly identity: Identity
  readonly state: () => CloudflareState
  readonly origins: readonly Origin[]
  /** Authorities that Full (strict) believes. */
  readonly roots: readonly string[]
  /** How long a connection to a node is kept without a request. */
  readonly keepAliveMs: number
}

/** Cloudflare's edge for every public name: one request goes to one of the name's A records, to the next where that one fails. */
export async function startFront({ identity, state, origins, roots, keepAliveMs }: FrontOptions): Promise<Front> {
  let turn = 0
  const trust = {
    roots,
    revoked: (serial: string) => {
      const id = BigInt(`0x${serial}`).toString()
      return state().certificates.some(({ listed, revokedAt }) => listed.id === id && revokedAt !== undefined)
    },
    source: () => {
      const used = [...new Set([...publishedRanges.ipv4, ...state().ranges.ipv4])]
      turn += 1
      return addressIn(used[turn % used.length] ?? '173.245.48.0/20', turn)
    },
  }
  const makePools = () => new Map(origins.map((origin) => [origin, originPool(origin, trust, keepAliveMs)]))
  let pools = makePools()
  const poolOf = (address: string | undefined) => {
    const origin = origins.find((one) => one.address() === address)
    return origin && pools.get(origin)
  }
  let next = 0

  const answer = async (request: IncomingMessage): Promise<Replied> => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    // By address (as urls.json has it) the health endpoint's name is meant.
    const host = isIP(name) ? apiHost : name
    const records = addressesOf(state().records, host)
    // No record: the name is not known here; none proxied: it would not lead here.
    if (!records.some(({ proxied }) => proxied)) return failed(530, 1001)
    const body = await bodyOf(request)
    const { connection: _, 'keep-alive': __, ...headers } = request.headers
    const asked = {
      host,
      mode: sslModeFor(state(), host),
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: { ...headers, 'cf-connecting-ip': '203.0.113.7', 'x-forwarded-proto': 'https' },
      body,
    }
    next += 1
    const order = records.map((_record, i) => records[(next + i) % records.length])
    let last = 522
    for (const record of order) {
      try {
        return await ask(poolOf(record?.content), asked)
      } catch (error) {
        if (!(error instanceof OriginFailure)) throw error
        last = error.status
      }
    }
    return failed(last)
  }
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    answer(request)
      .catch(() => failed(520))
      .then(({ status, headers, body }) => {
        const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...kept } = headers
        const ray = `${randomBytes(8).toString('hex')}-NUE`
        response.writeHead(status, { ...kept, server: 'cloudflare', 'cf-ray': ray, 'cf-cache-status': 'DYNAMIC' }).end(body)
      })
  }
  const server = createServer({ cert: identity.certificate, key: identity.key, ca: identity.certificate, keepAliveTimeout: 400_000 }, serve)
  const port = await listenOnLoopback(server)
  return {
    port,
    reset() {
      for (const pool of pools.values()) pool.close()
      pools = makePools()
    },
    async stop() {
      const gone = endServer(server)
      for (const pool of pools.values()) pool.close()
      await gone
    },
  }
}

/** The A records of a name, or what its proxied CNAME comes to in this zone; a wildcard's where it has none of its own. */
function addressesOf(all: readonly DnsRecord[], host: string, deep = 0): readonly DnsRecord[] {
  const own = all.filter(({ name }) => name === host)
  const found = own.length > 0 ? own : all.filter(({ name }) => name === host.replace(/^[^.]+/, '*'))
  const [alias] = found.filter(({ type }) => type === 'CNAME')
  if (!alias || deep > 8) return found.filter(({ type }) => type === 'A')
  return addressesOf(all, alias.content.toLowerCase(), deep + 1).map((record) => ({ ...record, proxied: alias.proxied }))
}

/** An address that is no node of ours answers nothing. */
const ask = (pool: OriginPool | undefined, asked: Parameters<OriginPool['ask']>[0]): Promise<Replied> =>
  pool ? pool.ask(asked) : Promise.reject(new OriginFailure(522))

const failed = (status: number, code = status): Replied => ({
  status,
  headers: { 'content-type': 'text/plain; charset=UTF-8' },
  body: Buffer.from(`error code: ${code}`),
})

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
