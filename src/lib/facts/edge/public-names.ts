import type { Environment } from '../../environment/schema.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'
import { askedNames, roundRobinOf } from './round-robin.ts'

type Deployment = Pick<Environment, 'nodes' | 'cloudflare' | 'health'>

/** Every name that customers use: those of the environment, then any other that the proxy spreads over the nodes. */
export const publicNames = (deployment: Deployment, records: readonly AddressRecord[]): readonly string[] =>
  askedNames(deployment, roundRobinOf(deployment, records))

/** What is asked of a name: its health endpoint where it has one, else its root. */
export const urlOf = ({ health }: Pick<Deployment, 'health'>, name: string): string =>
  new URL(health).hostname === name ? health : `https://${name}/`

/** True for an answer that a customer can use: a health endpoint says 200, any other page at least that the application is there. */
export const isWell = (deployment: Pick<Deployment, 'health'>, url: string, status: number): boolean =>
  url === deployment.health ? status >= 200 && status < 300 : status < 500

/** What the edge means by a status of its own, and what shows the cause where nothing else in a report does. */
const known: Readonly<Record<number, readonly [words: string, next?: string]>> = {
  520: ['what a node answered is no HTTP'],
  521: ['every node that it tried refused the connection', 'honeydue nodes:status'],
  522: ['no node accepted a connection in time: its firewall does not know Cloudflare, or it is down', 'honeydue firewall:status'],
  523: ['no node can be reached', 'honeydue nodes:status'],
  524: ['a node accepted the request and did not answer in time'],
  525: ['the TLS handshake with a node failed'],
  526: ["a node's certificate does not verify"],
  530: ['the name has no address'],
}

export const statusInWords = (status: number): string => (known[status] ? `${status}: ${known[status][0]}` : String(status))

/** The command that shows why a name answers so. */
export const nextFor = (status: number): string | undefined => known[status]?.[1]
