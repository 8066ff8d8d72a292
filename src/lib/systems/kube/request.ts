import { Agent, type RequestOptions, request as send } from 'node:https'
import { type Duration, seconds } from '../../clock.ts'
import { Unreachable } from '../../plan/errors.ts'
import { type Loaded, loadKubeconfig } from './kubeconfig.ts'
import { connectionTrouble, statusTrouble } from './trouble.ts'
import type { Cluster } from './types.ts'

export interface KubeOptions {
  /** Tried in order. */
  readonly kubeconfigs: readonly string[]
  /** Addresses of the control-plane nodes: asked at port 6443 when the kubeconfig's server does not answer. */
  readonly controlPlane: readonly string[]
  readonly signal?: AbortSignal
  readonly timeout?: Duration
}

/** JSON over one kept-alive connection: the library's own calls take no timeout and open a connection each. */
export const kubeClient = (options: KubeOptions) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let loaded: Promise<Loaded> | undefined
  let reached: Promise<string> | undefined
  const config = () => {
    loaded ??= loadKubeconfig(options.kubeconfigs)
    return loaded
  }

  const call = async (server: string, path: string): Promise<{ readonly status: number; readonly body: string }> => {
    const { config: kubeconfig } = await config()
    const url = new URL(`${server.replace(/\/$/, '')}${path}`)
    const wanted: RequestOptions = { method: 'GET', headers: { accept: 'application/json' } }
    await kubeconfig.applyToHTTPSOptions(wanted)
    return new Promise((resolve, reject) => {
      const request = send(url, { ...wanted, agent, signal: options.signal, timeout: options.timeout ?? seconds(10) }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      })
      request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
      request.on('error', reject)
      request.end()
    })
  }

  /** The server that answers at all: the kubeconfig's, or else the first control-plane node that does. */
  const findServer = async (): Promise<string> => {
    const { config: kubeconfig } = await config()
    const first = kubeconfig.getCurrentCluster()?.server ?? ''
    const answers = (server: string) => call(server, '/version').then(() => server)
    return answers(first).catch(async (error: unknown) => {
      const others = options.controlPlane.map((address) => `https://${address}:6443`).filter((server) => server !== first)
      return Promise.any(others.map(answers)).catch(() => {
        throw connectionTrouble(error, first)
      })
    })
  }
  const server = () => {
    reached ??= findServer()
    return reached
  }

  return {
    config,
    server,
    cluster: async (): Promise<Cluster> => {
      const [{ path, config: kubeconfig }, found] = await Promise.all([config(), server()])
      return {
        kubeconfig: path,
        context: kubeconfig.getCurrentContext(),
        server: found,
        fellOver: found !== kubeconfig.getCurrentCluster()?.server,
      }
    },
    /** The object at `path`; undefined for a 404. Throws Unreachable for everything else that is no answer. */
    get: async <T>(path: string): Promise<T | undefined> => {
      const at = await server()
      const { status, body } = await call(at, path).catch((error: unknown) => {
        throw connectionTrouble(error, at)
      })
      const parsed = parse(body)
      if (status === 404 && parsed) return undefined
      if (status !== 200)
        throw statusTrouble(status, String((parsed as { message?: string } | undefined)?.message ?? ''), `GET ${path}`, at)
      if (!parsed) {
        throw new Unreachable({
          code: 'kube-not-kubernetes',
          failed: `${at} answers, and not as a Kubernetes API`,
          cause: 'Something else listens there: a proxy or a login page',
          next: 'kubectl version',
        })
      }
      return parsed as T
    },
    close: () => agent.destroy(),
  }
}

export type KubeClient = ReturnType<typeof kubeClient>

const parse = (body: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
