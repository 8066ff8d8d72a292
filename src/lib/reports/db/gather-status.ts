import { type Clock, seconds } from '../../clock.ts'
import type { Environment } from '../../environment/schema.ts'
import { Unreachable } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { type Activity, gatherActivity } from '../../facts/db/activity.ts'
import { type Endpoint, type InUse, readInUse } from '../../facts/db/endpoint-in-use.ts'
import { readRestorePoints } from '../../facts/db/restore-points.ts'
import { sh } from '../../shell.ts'
import type { CheckoutReader } from '../../systems/checkout/types.ts'
import type { KubeReader } from '../../systems/kube/types.ts'
import type { NeonReader } from '../../systems/neon/types.ts'
import type { NodesReader } from '../../systems/nodes/types.ts'
import type { EndpointFacts, PostgresReader } from '../../systems/postgres/types.ts'

/** Where the next deploy takes DB_HOST from: the scalars of the source file that name an endpoint; undefined where there is no file. */
export type Source = readonly { readonly endpoint: Endpoint; readonly key: string; readonly line: number }[] | undefined

export interface DatabaseStatus {
  readonly inUse: InUse | undefined
  readonly source: Answer<Source>
  readonly endpoints: Readonly<Record<Endpoint, EndpointFacts>>
  /** Milliseconds until the node itself had a TCP connection to the endpoint, by alias. */
  readonly fromNodes: readonly { readonly alias: string; readonly to: Readonly<Record<Endpoint, Answer<number>>> }[]
  readonly activity: Answer<Activity>
  /** The ways back that were made at Neon, or what the configuration lacks to ask for them. */
  readonly restore: { readonly lacking: string } | { readonly lacking?: never; readonly asked: Answer<Restore> }
}

export type Restore = Awaited<ReturnType<typeof readRestorePoints>>

export const sourceFile = 'deploy-k3s/config.yaml'
/** A connection and no more: whoever lives answers at once, or when it is asked again after one and after three seconds. */
const nodeWithin = seconds(4)

interface Look {
  readonly kube: KubeReader
  readonly checkout: CheckoutReader
  readonly postgres: PostgresReader
  readonly nodes: NodesReader
  readonly neon: NeonReader
}

/** Reads every place at once. Throws what kube throws: without the ConfigMap and the Secret there is nothing to compare or to log in with. */
export const gatherDatabaseStatus = async (
  look: Look,
  { environment, clock, signal }: { readonly environment: Environment; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<DatabaseStatus> => {
  const { database, nodes } = environment
  const fromNode = async (alias: string) => {
    // The way to the node is not part of what is measured: it is opened first, and once for both.
    const open = await answer(look.nodes.facts(alias))
    const to = (host: string): Promise<Answer<number>> =>
      open.answered ? answer(connects(look.nodes, clock, signal, alias, { host, port: database.port })) : Promise.resolve(open)
    const [pooler, direct] = await Promise.all([to(database.pooler), to(database.direct)])
    return { alias, to: { pooler, direct } }
  }
  const [inUse, source, fromNodes, { endpoints, activity }, restore] = await Promise.all([
    readInUse(look.kube, environment),
    answer(readSource(look.checkout, environment)),
    Promise.all(nodes.map(({ alias }) => fromNode(alias))),
    readServer(look.postgres),
    readRestore(look.neon, database.direct),
  ])
  return { inUse, source, endpoints, fromNodes, activity, restore }
}

const readRestore = async (neon: NeonReader, host: string): Promise<DatabaseStatus['restore']> => {
  const lacking = await neon.lacking()
  return lacking === undefined ? { asked: await answer(readRestorePoints(neon, host)) } : { lacking }
}

const readServer = async (postgres: PostgresReader) => {
  const application = await postgres.application()
  // The endpoints first: one that does not answer costs both questions one wait.
  const [pooler, direct, activity] = await Promise.all([
    postgres.endpoint(application.pooler),
    postgres.endpoint(application.direct),
    answer(gatherActivity(postgres)),
  ])
  return { endpoints: { pooler, direct }, activity }
}

const readSource = async (checkout: CheckoutReader, { database }: Environment): Promise<Source> => {
  const [pooler, direct] = await Promise.all([checkout.scalars(sourceFile, database.pooler), checkout.scalars(sourceFile, database.direct)])
  if (pooler === undefined || direct === undefined) return undefined
  return [...pooler.map((at) => ({ endpoint: 'pooler' as const, ...at })), ...direct.map((at) => ({ endpoint: 'direct' as const, ...at }))]
}

/** Lets the node open a TCP connection; TLS and login are asked from here only, because the password does not go to a node. */
const connects = async (
  nodes: NodesReader,
  clock: Clock,
  signal: AbortSignal,
  alias: string,
  target: { readonly host: string; readonly port: number },
): Promise<number> => {
  const began = clock.now().getTime()
  const ended = new AbortController()
  const late = clock.sleep(nodeWithin, AbortSignal.any([signal, ended.signal])).then(() => {
    throw new Unreachable({
      code: 'ssh-forward-silent',
      failed: `${alias} got no answer from ${target.host}:${target.port} in ${nodeWithin / 1000} s`,
      next: sh`ssh ${alias} nc -vz ${target.host} ${target.port}`,
    })
  })
  late.catch(() => {})
  const opening = nodes.forward(alias, target)
  try {
    const stream = await Promise.race([opening, late])
    stream.destroy()
    return clock.now().getTime() - began
  } catch (error) {
    opening.then((stream) => stream.destroy()).catch(() => {})
    throw error
  } finally {
    ended.abort()
  }
}
