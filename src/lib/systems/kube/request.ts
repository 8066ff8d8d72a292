import { readCertificate, shortFingerprint } from '../../certificates.ts'
import type { Clock, Duration } from '../../clock.ts'
import { credentialsOf, type Loaded } from '../../environment/kubeconfig.ts'
import { Unreachable } from '../../errors.ts'
import type { Reached } from '../systems.ts'
import type { Answer, Asked } from './call.ts'
import { type Connected, connect } from './connected.ts'
import { servers, serversOf } from './servers.ts'
import { statusTrouble, writeTrouble } from './trouble.ts'
import type { Cluster } from './types.ts'

export interface KubeOptions {
  /** Taken together, as kubectl takes the list in KUBECONFIG. */
  readonly kubeconfigs: readonly string[]
  /** Addresses of the control-plane nodes: asked when the kubeconfig's server does not answer. */
  readonly controlPlane: readonly string[]
  /** Where names and addresses live, as libpq's hostaddr. */
  readonly hostaddr?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** For the whole of one question. */
  readonly timeout?: Duration
}

/** JSON over kept-alive connections: the library's own calls take no timeout and open a connection each. */
export const kubeClient = (options: KubeOptions) => {
  let opened: Promise<Connected> | undefined
  const connected = () => {
    opened ??= connect(options)
    return opened
  }
  const { ask, answering } = servers(connected, options)

  /** Undefined where the answer says that there is nothing. */
  const get = async (path: string, absent: (answer: Answer) => boolean, accept?: string): Promise<Answer | undefined> => {
    const answer = await ask({ method: 'GET', path, ...(accept !== undefined && { accept }) })
    if (absent(answer)) return undefined
    if (answer.status !== 200) {
      // The server says no more than "Unauthorized": the file knows until when it was good.
      const message = answer.status === 401 ? credentialsOf((await connected()).loaded) : messageOf(answer)
      throw statusTrouble(answer.status, message, `GET ${path}`, answer.server)
    }
    return answer
  }
  const first = async () => serversOf(await connected(), options.controlPlane)[0] ?? ''

  return {
    connected,
    /** Any request, and whatever is said to it. */
    ask,
    /** What the server says to a question, whatever it is. */
    status: async (path: string): Promise<number> => (await ask({ method: 'GET', path })).status,
    server: async () => answering() ?? (await first()),
    cluster: async (): Promise<Cluster> => {
      const { path, context } = (await connected()).loaded
      const wanted = await first()
      if (answering() === undefined) await get('/version', () => false)
      const server = answering() ?? wanted
      return { kubeconfig: path, context, server, fellOver: server !== wanted }
    },
    /** Whose certificate authority vouched for who has answered; nothing where nobody has. */
    reached: async (): Promise<readonly Reached[]> => {
      const server = answering()
      if (server === undefined) return []
      const { loaded } = await connected()
      const wanted = await first()
      const fellOver = server === wanted ? '' : ' (the kubeconfig’s own server does not answer)'
      const by = authorityOf(loaded)
      // A context is named as each machine likes it; an authority of the cluster's own is the cluster.
      const is = by.startsWith('CA ') ? `cluster of ${by}` : `cluster ${loaded.context}, ${by}`
      return [{ line: `cluster ${loaded.context} at ${server}${fellOver}, ${by}, from ${loaded.path}`, is }]
    },
    /** The object at `path`, in the form that `accept` asks for; undefined for a 404. Throws Unreachable for everything else that is no answer, and for what `is` does not take. */
    get: async <T>(path: string, is: (value: unknown) => boolean, accept?: string): Promise<T | undefined> => {
      const answer = await get(path, ({ status, object }) => status === 404 && object !== undefined, accept)
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
    write: async (asked: Asked & { readonly dry?: boolean; readonly manager?: string }): Promise<object> => {
      const query = `fieldManager=${asked.manager ?? 'honeydue'}${asked.dry ? '&dryRun=All' : ''}`
      const answer = await ask({ ...asked, path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}${query}` })
      if (answer.status < 300 && answer.object) return answer.object
      throw writeTrouble(answer.status, answer.object, `${asked.method} ${asked.path}`, answer.server)
    },
    /** What a server-side apply would make of the object: always a dry run. Throws as `write` does. */
    wouldApply: async (path: string, body: unknown): Promise<object> => {
      const contentType = 'application/apply-patch+yaml'
      const answer = await ask({ method: 'PATCH', path: `${path}?fieldManager=kubectl&force=true&dryRun=All`, body, contentType })
      if (answer.status < 300 && answer.object) return answer.object
      throw writeTrouble(answer.status, answer.object, `PATCH ${path}`, answer.server)
    },
    close: () => {
      opened?.then(
        ({ agent }) => agent.destroy(),
        () => {},
      )
    },
  }
}

/** Which certificate authority a server of this kubeconfig is held to. */
const authorityOf = ({ ca, server, cluster }: Loaded): string => {
  if (server.startsWith('http:')) return 'without TLS'
  if (cluster['insecure-skip-tls-verify'] === true) return 'its certificate unverified'
  const own = readCertificate(ca)
  return own ? `CA ${shortFingerprint(own.fingerprint)}` : 'by the CAs of this machine'
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
