import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { type Asked, askedChannel } from '../../src/lib/sandbox/asked.ts'

/** Systems that are spoken to in HTTP, one request for each write. */
export const overHttp: ReadonlySet<string> = new Set(['kube', 'cloudflare', 'neon', 'registry', 'storage'])

/** Systems that are spoken to in a protocol of their own. */
export const overOwn = ['redis', 'nodes', 'postgres', 'mail'] as const

/** Writes of several objects, one request for each. */
export const ofSeveral: ReadonlySet<string> = new Set(['drain'])

/** Writes of files on this machine, whatever is read over a wire for them. */
export const ofThisMachine: ReadonlySet<string> = new Set(['fetchKubeconfig', 'putBackKubeconfig'])

const started = 'http.client.request.start'
const answered = 'http.client.response.finish'
const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Posts that ask, and change nothing: who may do what, and what the server would make of a change. */
const asks = /\/selfsubject\w*reviews$|[?&]dryRun=All\b/

/** Lines of a script on a node that change it; what only asks has other words. */
const changesNode =
  /\b(?:ufw (?:--force )?(?:allow|deny|limit|reject|delete|insert|route|enable|disable|reload|reset)\b|(?<!sudo -n -l )systemd-run\b|(?<!sudo -n -l )systemctl (?:start|stop|restart|reboot|kill)\b|shutdown\b|etcd-snapshot (?:save|delete|prune)\b|k3s server\b|\bcp -a \/var\/lib\/rancher|\bmv \/var\/lib\/rancher|\bmv "\$f\.new"|crictl rmi\b|journalctl .*--vacuum|apt-get (?:install|upgrade|remove|clean|dist-upgrade)\b|\btee )/

/** A script without what keeps login shells from reading it their way. */
const decoded = (command: string): string =>
  command.replaceAll("' '", '').replaceAll(/\\0(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))

/** What was sent while something was done, and may have changed something. */
export interface Sent {
  /** Requests, as Node sent them. */
  readonly http: readonly string[]
  /** Those of them that were not taken. */
  readonly refused: readonly string[]
  /** As the sandbox's servers had it from the wire. */
  readonly own: Readonly<Record<Asked['system'], readonly string[]>>
}

/** Does it, and says everything that this process sent meanwhile and that may change something. */
export const changing = async <T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly sent: Sent }> => {
  const http: string[] = []
  const refused: string[] = []
  const own: Record<Asked['system'], string[]> = { redis: [], nodes: [], postgres: [], mail: [] }
  const said = ({ method, path }: ClientRequest): string | undefined =>
    reading.has(method) || asks.test(path) ? undefined : `${method} ${path}`
  const starts = (message: unknown): void => {
    const one = said((message as { readonly request: ClientRequest }).request)
    if (one !== undefined) http.push(one)
  }
  const ends = (message: unknown): void => {
    const { request, response } = message as { readonly request: ClientRequest; readonly response: IncomingMessage }
    const one = said(request)
    if (one !== undefined && (response.statusCode ?? 0) >= 400) refused.push(one)
  }
  const hears = (message: unknown): void => {
    const one = message as Asked
    if (one.system !== 'nodes') {
      if (one.changes) own[one.system].push(one.said)
      return
    }
    const line = decoded(one.said)
      .split('\n')
      .find((text) => changesNode.test(text))
    if (line !== undefined) own.nodes.push(line)
  }
  const subscribed = [
    [started, starts],
    [answered, ends],
    [askedChannel, hears],
  ] as const
  for (const [name, hear] of subscribed) subscribe(name, hear)
  try {
    return { result: await act(), sent: { http, refused, own } }
  } finally {
    for (const [name, hear] of subscribed) unsubscribe(name, hear)
  }
}
