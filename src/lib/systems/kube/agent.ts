import { Agent as PlainAgent } from 'node:http'
import { Agent, type AgentOptions, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Loaded } from '../../environment/kubeconfig.ts'
import { malformed } from '../../environment/kubeconfig-file.ts'

/** Keeps connections open, so many at once: what one slow answer holds must not keep others from being asked. */
const options: AgentOptions = { keepAlive: true, maxSockets: 24 }

/** Reads the certificates and the key of a server once, not for each of its connections: a report opens fifteen, at 1.3 ms of processor time each. */
class ReadOnce extends Agent {
  readonly #contexts = new Map<string, SecureContext>()

  override createConnection(wanted: RequestOptions, opened?: (error: Error | null, stream: Duplex) => void) {
    const name = this.getName(wanted)
    const secureContext = this.#contexts.get(name) ?? createSecureContext(wanted)
    this.#contexts.set(name, secureContext)
    const ready: RequestOptions & { readonly secureContext: SecureContext } = { ...wanted, secureContext }
    return super.createConnection(ready, opened)
  }
}

/** How a cluster is reached: directly, or through the proxy of its `proxy-url` (http, https, socks5), as kubectl does. `pooled` false: for one connection that is taken over. */
export const agentFor = async ({ path, server, cluster }: Loaded, pooled = true): Promise<PlainAgent> => {
  const of = pooled ? options : {}
  const proxy = cluster['proxy-url']
  if (typeof proxy !== 'string' || proxy === '') return server.startsWith('http:') ? new PlainAgent(of) : new ReadOnce(of)
  const scheme = URL.canParse(proxy) ? new URL(proxy).protocol : ''
  if (scheme === 'http:' || scheme === 'https:') {
    const { default: agents } = await import('hpagent')
    return server.startsWith('http:') ? new agents.HttpProxyAgent({ ...of, proxy }) : new agents.HttpsProxyAgent({ ...of, proxy })
  }
  if (scheme === 'socks5:') {
    const { default: agents } = await import('socks-proxy-agent')
    // Like kubectl's, the proxy resolves the name.
    return new agents.SocksProxyAgent(proxy.replace(/^socks5:/, 'socks5h:'), of)
  }
  throw malformed(path, `its proxy-url ${proxy.replace(/\/\/[^@/]*@/, '//')} is of no kind that kubectl takes (http, https, socks5)`)
}
