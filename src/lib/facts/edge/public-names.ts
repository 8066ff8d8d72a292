import type { Environment } from '../../environment/schema.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'

type Deployment = Pick<Environment, 'nodes' | 'cloudflare' | 'health'>

/** Every name that customers use: those of the environment, then any other that leads to a node. */
export const publicNames = ({ nodes, cloudflare }: Deployment, records: readonly AddressRecord[]): readonly string[] => {
  const ours = new Set(nodes.map(({ address }) => address))
  return [...new Set([...cloudflare.names, ...records.filter(({ address }) => ours.has(address)).map(({ name }) => name)])]
}

/** What is asked of a name: its health endpoint where it has one, else its root. */
export const urlOf = ({ health }: Deployment, name: string): string => (new URL(health).hostname === name ? health : `https://${name}/`)

/** True for an answer that a customer can use: a health endpoint says 200, any other page at least that the application is there. */
export const isWell = (deployment: Deployment, url: string, status: number): boolean =>
  url === deployment.health ? status >= 200 && status < 300 : status < 500

/** What the edge means by a status of its own. */
export const statusInWords = (status: number): string => {
  const known: Readonly<Record<number, string>> = {
    520: 'a node answered with something that is no answer',
    521: 'every node that it tried refused the connection',
    522: 'no node accepted a connection in time: down, or its firewall does not know Cloudflare',
    523: 'no node can be reached',
    524: 'a node accepted the request and did not answer in time',
    525: 'the TLS handshake with a node failed',
    526: "a node's certificate does not verify",
    530: 'the name has no address',
  }
  return known[status] ? `${status}: ${known[status]}` : String(status)
}
