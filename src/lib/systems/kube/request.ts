import { Agent, type RequestOptions, request as send } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { type Duration, seconds } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { placeOf } from '../place.ts'
import { credentialsOf, type Loaded, loadKubeconfig } from './kubeconfig.ts'
import { connectionTrouble, statusTrouble, writeTrouble } from './trouble.ts'
import type { Cluster } from './types.ts'

export interface KubeOptions {
  /** Tried in order. */
  readonly kubeconfigs: readonly string[]
  /** Addresses of the control-plane nodes: asked when the kubeconfig's server does not answer. */
  readonly controlPlane: readonly string[]
  /** Where names and addresses live, as libpq's hostaddr. */
  readonly hostaddr?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly timeout?: Duration
}

interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
}

interface Answer {
  readonly status: number
  readonly text: string
  /** The JSON object that it is, if it is one. */
  readonly object: object | undefined
  readonly server: string
}

const apiPort = 6443

/** JSON over kept-alive connections: the library's own calls take no timeout and open a connection each. */
export const kubeClient = (options: KubeOptions) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let loaded: Promise<Loaded> | undefined
  /** The server that answered last; a failure is never remembered. */
  let answering: string | undefined
  const config = () => {
    loaded ??= loadKubeconfig(options.kubeconfigs)
    return loaded
  }
  const servers = async () => {
    const { server: first } = await config()
    const { hostname, port } = new URL(first)
    const beside = options.controlPlane.map(
      (address) => `https://${address}:${options.controlPlane.includes(hostname) && port ? port : apiPort}`,
    )
    return { first, others: beside.filter((server) => server !== first) }
  }

  const call = async (server: string, asked: Asked): Promise<Answer> => {
    const kubeconfig = await config()
    const { hostname, port, pathname } = new URL(server)
    const place = placeOf(hostname, Number(port || 443), options.hostaddr)
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body)
    const wanted: RequestOptions = {
      method: asked.method,
      headers: {
        accept: 'application/json, */*',
        ...(body !== undefined && { 'content-type': asked.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    }
    await kubeconfig.authenticate(wanted)
    // Where to connect and which name to verify are two things; an address is no server name in TLS.
    const verified = wanted.servername ?? hostname
    return new Promise((resolve, reject) => {
      const request = send(
        {
          ...wanted,
          ...place,
          path: pathname.replace(/\/$/, '') + asked.path,
          ...(isIP(verified) === 0 && { servername: verified }),
          checkServerIdentity: (_, certificate) => checkServerIdentity(verified, certificate),
          agent,
          signal: options.signal,
          timeout: options.timeout ?? seconds(10),
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            resolve({ status: response.statusCode ?? 0, text, object: parse(text), server })
          })
        },
      )
      request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
      request.on('error', reject)
      request.end(body)
    })
  }

  /** Asks the server that answered last, or the kubeconfig's; a read that gets no answer is put to the other control-plane nodes. */
  const ask = async (asked: Asked): Promise<Answer> => {
    const { first, others } = await servers()
    const server = answering ?? first
    try {
      const answer = await call(server, asked)
      answering = server
      return answer
    } catch (error) {
      const beside = asked.method === 'GET' && !options.signal?.aborted ? [first, ...others].filter((one) => one !== server) : []
      const answer = await Promise.any(beside.map((one) => call(one, asked))).catch(() => undefined)
      if (!answer) throw connectionTrouble(error, server)
      answering = answer.server
      return answer
    }
  }

  /** Undefined where the answer says that there is nothing. */
  const get = async (path: string, absent: (answer: Answer) => boolean): Promise<Answer | undefined> => {
    const answer = await ask({ method: 'GET', path })
    if (absent(answer)) return undefined
    if (answer.status !== 200) {
      // The server says no more than "Unauthorized": the file knows until when it was good.
      const message = answer.status === 401 ? credentialsOf(await config()) : messageOf(answer)
      throw statusTrouble(answer.status, message, `GET ${path}`, answer.server)
    }
    return answer
  }

  return {
    config,
    server: async () => answering ?? (await servers()).first,
    cluster: async (): Promise<Cluster> => {
      const { path, context } = await config()
      const { first } = await servers()
      if (answering === undefined) await get('/version', () => false)
      const server = answering ?? first
      return { kubeconfig: path, context, server, fellOver: server !== first }
    },
    /** The object at `path`; undefined for a 404. Throws Unreachable for everything else that is no answer, and for what `is` does not take. */
    get: async <T>(path: string, is: (value: unknown) => boolean): Promise<T | undefined> => {
      const answer = await get(path, ({ status, object }) => status === 404 && object !== undefined)
      if (answer === undefined) return undefined
      if (is(answer.object)) return answer.object as T
      throw notKubernetes(answer.server, answer.object && path)
    },
    /** The items of the collection at `path`. A server has every collection that it knows: a 404 throws, unless `mayLack`. */
    list: async <T>(path: string, is: (value: unknown) => boolean, mayLack = false): Promise<readonly T[]> => {
      const answer = await get(path, ({ status }) => status === 404 && mayLack)
      if (answer === undefined) return []
      const items = answer.object && 'items' in answer.object ? (answer.object.items ?? []) : undefined
      if (Array.isArray(items) && items.every(is)) return items as readonly T[]
      throw notKubernetes(answer.server, answer.object && path)
    },
    /** A log's text at `path`; undefined where there is none: no such pod (404), or its container has not started (400). */
    text: async (path: string): Promise<string | undefined> =>
      (await get(path, ({ status, object }) => (status === 400 || status === 404) && object !== undefined))?.text,
    /** Writes as field manager `honeydue`; `dry`: the server answers as if, and changes nothing. Throws Moved for 404, 409 and a failed test. */
    write: async (asked: Asked & { readonly dry?: boolean }): Promise<object> => {
      const query = `fieldManager=honeydue${asked.dry ? '&dryRun=All' : ''}`
      const answer = await ask({ ...asked, path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}${query}` })
      if (answer.status < 300 && answer.object) return answer.object
      throw writeTrouble(answer.status, answer.object, `${asked.method} ${asked.path}`, answer.server)
    },
    close: () => agent.destroy(),
  }
}

/** `path`: where JSON of another shape came from; without it what came was no JSON at all. */
const notKubernetes = (server: string, path: string | undefined): Unreachable =>
  new Unreachable({
    code: 'kube-not-kubernetes',
    failed: `${server} answers, and not as a Kubernetes API`,
    cause:
      path === undefined ? 'Something else listens there: a proxy or a login page' : `What it gave for ${path} is nothing of Kubernetes`,
    next: 'kubectl version',
  })

export type KubeClient = ReturnType<typeof kubeClient>

const messageOf = ({ object }: Answer): string => String((object as { readonly message?: unknown } | undefined)?.message ?? '')

const parse = (body: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
