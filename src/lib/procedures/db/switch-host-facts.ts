import { Blocked, reasonOf } from '../../errors.ts'
import { type Consumers, consumersOf, goesPast, noneMissing, noneRolls } from '../../facts/config/consumers.ts'
import { hostKey } from '../../facts/db/db-host.ts'
import { migratingJobs, noneMigrates } from '../../facts/db/migrating.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, holds, when } from '../../plan/finding.ts'
import type { Scalar } from '../../systems/checkout/types.ts'
import type { EndpointFacts } from '../../systems/postgres/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { healthy } from '../config/health-answers.ts'

/** The file that 03-deploy.sh makes the ConfigMap from (ch14). */
export const sourceFile = 'deploy-k3s/config.yaml'

export interface SwitchHostFacts extends Consumers {
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
  const { namespace, database } = environment
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
    ...consumersOf(deployments, hostKey, environment),
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
  // On the day when the present host is gone, pods are down: this is the procedure for that day.
  const cures = begun || !presentEndpoint.reachable
  // One of this database's hosts, set past the ConfigMap: the switch would leave that workload where it is, and be told as done.
  const astray = facts.own.filter(({ value }) => value !== undefined && facts.hosts.includes(value) && value !== facts.target)
  return every([
    ...astray.map((one) => goesPast(facts.namespace, hostKey, one)),
    when(
      targetEndpoint.reachable,
      `the ${to} endpoint does not answer: ${targetEndpoint.reachable ? '' : reasonOf(targetEndpoint.trouble)}`,
    ),
    when(!targetEndpoint.reachable || !targetEndpoint.readOnly, `the ${to} endpoint is read-only`),
    noneMigrates(migrating),
    cures ? holds : noneRolls(consumers),
    cures ? holds : noneMissing(consumers, `while ${facts.present} still answers`),
  ])
}

const sourceOf = async (look: Look, target: string, hosts: readonly string[]): Promise<SwitchHostFacts['source']> => {
  const found = await look.checkout.scalars(sourceFile, target)
  const others = [...new Set(hosts)].filter((host) => host !== target)
  const named = await Promise.all(
    others.map(async (host) => ((await look.checkout.scalars(sourceFile, host)) ?? []).map((scalar) => ({ ...scalar, host }))),
  )
  return found && { target: found, others: named.flat() }
}
