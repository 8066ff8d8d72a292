import { seconds } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { every, type Finding, when } from '../../plan/finding.ts'
import type { HttpReader } from '../../systems/http/types.ts'
import type { Provers, Shown } from '../../systems/systems.ts'

/** What the edge says when it gets no answer from a node, and what that means. */
const meanings: Readonly<Record<number, string>> = {
  520: 'a node answers, and not as a web server',
  521: 'no node accepts the connection',
  522: 'no node answers: its firewall drops the edge',
  525: 'a node completes no TLS handshake',
  526: "a node's certificate does not verify",
  530: 'no A record leads to a node',
}

/** Each name asked once through the edge: its status, or why there is no answer at all. */
export const edgeStatuses = async (hosts: readonly string[], http: HttpReader): Promise<ReadonlyMap<string, number | string>> =>
  new Map(
    await Promise.all(
      hosts.map((host) =>
        http.get(`https://${host}/`).then(
          ({ status }): [string, number | string] => [host, status],
          (error: unknown): [string, number | string] => [host, reasonOf(error)],
        ),
      ),
    ),
  )

/** No name gets an answer of the edge's own instead of one of a workload. */
export const throughTheEdge = async (hosts: readonly string[], http: HttpReader): Promise<Finding> =>
  every(
    [...(await edgeStatuses(hosts, http))].map(([host, status]) =>
      when(
        typeof status === 'number' && !(status in meanings),
        typeof status === 'number' ? `${host} answers ${status}: ${meanings[status]}` : `${host}: ${status}`,
      ),
    ),
  )

/** The same by hand. */
export const namesAnswering = (hosts: readonly string[], { http }: Provers<'http'>): Shown =>
  http.answers({ urls: hosts.map((host) => ({ url: `https://${host}/`, like: 'any' as const })), within: seconds(30) })

/** The trouble that a new certificate cures. */
export const isCertificateTrouble = (status: number | string): boolean => status === 525 || status === 526
