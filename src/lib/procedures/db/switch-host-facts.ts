import { Blocked, reasonOf } from '../../errors.ts'
import { isRollingOut } from '../../facts/cluster/rollout.ts'
import { type HostSource, hostKey, hostSource } from '../../facts/db/db-host.ts'
import { migratingJobs, noneMigrates } from '../../facts/db/migrating.ts'
import { isSingleton } from '../../facts/deploy/workload.ts'
import { replicasNote } from '../../notes.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { Scalar } from '../../systems/checkout/types.ts'
import type { Deployment } from '../../systems/kube/types.ts'
import type { EndpointFacts } from '../../systems/postgres/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** The file that 03-deploy.sh makes the ConfigMap from (ch14). */
export const sourceFile = 'deploy-k3s/config.yaml'

/** A workload that gets DB_HOST when its pods start. */
export interface Consumer {
  readonly deployment: Deployment
  /** What it is to have: while it is at 0 for us, what it had. */
  readonly replicas: number
  readonly missing: number
  /** Never two of it at a time. */
  readonly singleton: boolean
}

export interface SwitchHostFacts {
  readonly to: 'pooler' | 'direct'
  readonly namespace: string
  readonly configMap: string
  readonly database: string
  readonly present: string
  readonly target: string
  /** Every host of this database that is known. */
  readonly hosts: readonly string[]
  readonly targetEndpoint: EndpointFacts
  readonly presentEndpoint: EndpointFacts
  readonly consumers: readonly Consumer[]
  /** Workloads that set the host themselves: the ConfigMap does not reach them. */
  readonly own: readonly (HostSource['own'][number] & { readonly workload: string })[]
  /** Of the ConfigMap as it was read: what has another one was written since. */
  readonly version: string
  /** Names of Jobs that run a migration now. */
  readonly migrating: readonly string[]
  /** Where the source file names the target, and where it names another host of this database; undefined where there is no file. */
  readonly source: { readonly target: readonly Scalar[]; readonly others: readonly (Scalar & { readonly host: string })[] } | undefined
  readonly checkout: string
  readonly health: { readonly url: string; readonly answers: boolean }
}

type Look = Readers<'kube' | 'postgres' | 'checkout' | 'http'>

/** Everything that the switch depends on; independent reads run together. */
export const gatherSwitchHost = async (to: 'pooler' | 'direct', look: Look, { environment }: Context): Promise<SwitchHostFacts> => {
  const { namespace, database, redis } = environment
  const target = database[to]
  const [config, deployments, migrating, application, health] = await Promise.all([
    look.kube.get('ConfigMap', database.configMap, namespace),
    look.kube.list('Deployment', { namespace }),
    migratingJobs(look, namespace),
    look.postgres.application(),
    healthy(look, environment.health),
  ])
  const present = config?.data?.[hostKey]
  if (present === undefined) {
    throw new Blocked({
      code: 'db-no-host',
      failed: config ? `ConfigMap ${database.configMap} has no ${hostKey}` : `There is no ConfigMap ${namespace}/${database.configMap}`,
      cause: 'This deployment was not made by 03-deploy.sh, or the environment names another ConfigMap',
      next: 'honeydue config:explain',
    })
  }
  const [targetEndpoint, presentEndpoint, named] = await Promise.all([
    look.postgres.endpoint(application[to]),
    look.postgres.endpoint({ ...application[to], host: present }),
    sourceOf(look, target, [database.pooler, database.direct, present]),
  ])
  const sources = deployments.map((deployment) => ({
    deployment,
    source: hostSource(deployment.spec.template.spec, database.configMap, hostKey),
  }))
  return {
    to,
    namespace,
    configMap: database.configMap,
    database: application[to].database,
    present,
    target,
    hosts: [database.pooler, database.direct, present],
    targetEndpoint,
    presentEndpoint,
    // Redis reads the same ConfigMap where chapter 7's common shape holds, and no database: its pod is left alone.
    consumers: sources
      .filter(({ deployment, source: { reads } }) => reads && deployment.metadata.name !== redis.deployment)
      .map(({ deployment }) => consumer(deployment, isSingleton(environment, deployment.metadata.name)))
      .sort(apiFirst),
    own: sources.flatMap(({ deployment, source: { own } }) => own.map((one) => ({ ...one, workload: deployment.metadata.name }))),
    version: config?.metadata.resourceVersion ?? '',
    migrating,
    source: named,
    checkout: look.checkout.folder,
    health: { url: environment.health, answers: health },
  }
}

/** Why the switch may not begin; when it has begun, only the target has to answer. */
export const maySwitch = (facts: SwitchHostFacts): Finding => {
  const { targetEndpoint, presentEndpoint, consumers, migrating, to } = facts
  const begun = facts.present === facts.target
  const rolling = consumers.filter(({ deployment }) => isRollingOut(deployment)).map(({ deployment }) => deployment.metadata.name)
  const missing = consumers.filter((one) => one.missing > 0)
  // One of this database's hosts, set past the ConfigMap: the switch would leave that workload where it is, and be told as done.
  const astray = facts.own.filter(({ value }) => value !== undefined && facts.hosts.includes(value) && value !== facts.target)
  return every([
    ...astray.map(({ workload, container, value }) =>
      fails(
        `${workload} sets ${hostKey} itself to ${value}, past the ConfigMap`,
        sh`kubectl -n ${facts.namespace} set env ${`deploy/${workload}`} -c ${container} ${`${hostKey}-`}`,
      ),
    ),
    when(
      targetEndpoint.reachable,
      `the ${to} endpoint does not answer: ${targetEndpoint.reachable ? '' : reasonOf(targetEndpoint.trouble)}`,
    ),
    when(!targetEndpoint.reachable || !targetEndpoint.readOnly, `the ${to} endpoint is read-only`),
    noneMigrates(migrating),
    when(
      begun || !presentEndpoint.reachable || rolling.length === 0,
      `a rollout is running: ${rolling.join(', ')}`,
      'honeydue cluster:health',
    ),
    // On the day when the present host is gone, pods are down: this is the procedure for that day.
    when(
      begun || !presentEndpoint.reachable || rolling.length > 0 || missing.length === 0,
      `replicas are missing while ${facts.present} still answers: ${missing.map((one) => `${one.missing} of ${one.replicas} of ${one.deployment.metadata.name}`).join(', ')}`,
      'honeydue cluster:health',
    ),
  ])
}

const consumer = (deployment: Deployment, singleton: boolean): Consumer => {
  const { metadata, spec, status } = deployment
  const replicas = spec.replicas === 0 ? Number(metadata.annotations?.[replicasNote] ?? 0) : (spec.replicas ?? 1)
  return { deployment, replicas, singleton, missing: Math.max(0, replicas - (status?.availableReplicas ?? 0)) }
}

/** The API first: it is what customers wait for, and the health endpoint speaks for it alone. */
const apiFirst = (one: Consumer, other: Consumer): number => {
  const rank = ({ deployment }: Consumer) => (deployment.metadata.name === 'api' ? '' : deployment.metadata.name)
  return rank(one).localeCompare(rank(other))
}

const sourceOf = async (look: Look, target: string, hosts: readonly string[]): Promise<SwitchHostFacts['source']> => {
  const found = await look.checkout.scalars(sourceFile, target)
  const others = [...new Set(hosts)].filter((host) => host !== target)
  const named = await Promise.all(
    others.map(async (host) => ((await look.checkout.scalars(sourceFile, host)) ?? []).map((scalar) => ({ ...scalar, host }))),
  )
  return found && { target: found, others: named.flat() }
}

/** No answer is an answer here: the switch may be the cure. */
export const healthy = (look: Readers<'http'>, url: string): Promise<boolean> =>
  look.http.get(url).then(
    ({ status }) => status === 200,
    () => false,
  )
