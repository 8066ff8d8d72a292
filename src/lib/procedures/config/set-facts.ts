import { reasonOf, Trouble } from '../../errors.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { stuckBecause } from '../../facts/cluster/unready.ts'
import { type Consumer, type Consumers, consumersOf, goesPast, noneMissing, noneRolls } from '../../facts/config/consumers.ts'
import { debugKey, isOn } from '../../facts/config/debug.ts'
import { noConfigMap } from '../../facts/config/no-config-map.ts'
import { secretBehind } from '../../facts/config/secret-behind.ts'
import { databaseKey, databasesThere } from '../../facts/db/databases.ts'
import { hostKey } from '../../facts/db/db-host.ts'
import { migratingJobs, noneMigrates } from '../../facts/db/migrating.ts'
import { isNotPaused } from '../../facts/deploy/workload.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { hasEnded, isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { healthy } from './health-answers.ts'
import { gatherSource, type Source } from './source.ts'

export interface SetFacts extends Consumers {
  readonly namespace: string
  readonly configMap: string
  readonly key: string
  /** Undefined where the ConfigMap has no such key. */
  readonly present: string | undefined
  readonly target: string
  /** The key may be one that neither the ConfigMap nor its source knows. */
  readonly mayBeNew: boolean
  readonly version: string
  /** The Secret that the key comes from: "Secret honeydue-secrets". */
  readonly secret: string | undefined
  readonly source: Source
  readonly checkout: string
  readonly migrating: readonly string[]
  /** Workloads whose pods cannot serve as they are, and with what: the new value may be their cure. */
  readonly broken: ReadonlyMap<string, string>
  /** Of POSTGRES_DB: the databases that there are, or why that is not known. */
  readonly hosts: { readonly pooler: string; readonly direct: string }
  readonly databases: readonly string[] | Trouble | undefined
  readonly health: { readonly url: string; readonly answers: boolean }
}

type Look = Readers<'kube' | 'postgres' | 'checkout' | 'http'>

/** Everything that the change depends on; independent reads run together. */
export const gatherSet = async (
  { setting, new: mayBeNew }: { readonly setting: string; readonly new: boolean },
  look: Look,
  { environment }: Context,
): Promise<SetFacts> => {
  const [, key = '', target = ''] = /^([^=]*)=(.*)$/s.exec(setting) ?? []
  const { namespace, database } = environment
  const [found, deployments, pods, migrating, answers, databases] = await Promise.all([
    look.kube.get('ConfigMap', database.configMap, namespace),
    look.kube.list('Deployment', { namespace }),
    look.kube.pods({ namespace }),
    migratingJobs(look, namespace),
    healthy(look, environment.health),
    key === databaseKey ? databasesThere(look.postgres, environment).catch(troubleOf) : undefined,
  ])
  if (!found) throw noConfigMap(namespace, database.configMap)
  const present = found.data?.[key]
  const secret = await secretBehind(look, key, { namespace, secret: database.secret, deployments })
  // Nothing is read of a secret's file.
  const source: Source =
    secret === undefined ? await gatherSource(look, { key, present, target }) : { does: 'asks', because: '', names: false, beside: [] }
  return {
    namespace,
    configMap: database.configMap,
    key,
    present,
    target,
    mayBeNew,
    version: found.metadata.resourceVersion ?? '',
    secret,
    source,
    checkout: look.checkout.folder,
    ...consumersOf(deployments, key, environment),
    migrating,
    broken: brokenOf(pods),
    databases,
    hosts: { pooler: database.pooler, direct: database.direct },
    health: { url: environment.health, answers },
  }
}

const troubleOf = (error: unknown): Trouble => {
  if (error instanceof Trouble) return error
  throw error
}

/** By the workload's name, why one of its pods cannot serve: it crashes, its image is not there, or its containers were started again and again. */
const brokenOf = (pods: readonly Pod[]): ReadonlyMap<string, string> =>
  new Map(
    pods.flatMap((pod) => {
      if (hasEnded(pod) || isReady(pod)) return []
      const restarts = (pod.status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)
      const why = stuckBecause(pod) ?? (restarts > 0 ? `${pod.metadata.name} was started ${restarts + 1} times` : undefined)
      return why === undefined ? [] : [[ownerOf(pod).replace(/^Deployment /, ''), why] as const]
    }),
  )

/** Why the key may not get this value; when it has it, only what would make it wrong counts. */
export const maySet = (facts: SetFacts): Finding => {
  const { namespace, configMap, key, present, target, consumers, own, migrating, broken } = facts
  const begun = present === target
  // With a name that is not there no pod can start: this is the procedure for that day.
  const cures = present !== undefined && Array.isArray(facts.databases) && !facts.databases.includes(present)
  const isBroken = ({ deployment }: Consumer) => broken.has(deployment.metadata.name)
  const astray = own.filter(({ value }) => value !== undefined && value !== target)
  return every([
    when(
      present !== undefined || facts.source.names || facts.mayBeNew,
      `neither ${configMap} nor the checkout knows ${key}; where it is a new one: --new`,
      'honeydue config:diff',
    ),
    key === hostKey
      ? fails(
          `${hostKey} has a procedure of its own, which asks the endpoint first: honeydue db:switch-host`,
          sh`honeydue db:switch-host --to ${target === facts.hosts.direct ? 'direct' : 'pooler'}`,
        )
      : holds,
    when(
      key !== debugKey || !isOn(target),
      `with ${debugKey} on, errors show customers what is meant for developers`,
      'honeydue cluster:health',
    ),
    databaseIsThere(facts),
    ...astray.map((one) => goesPast(namespace, key, one)),
    noneMigrates(migrating),
    ...consumers.map(({ deployment }) => isNotPaused({ name: deployment.metadata.name, deployment })),
    begun || cures ? holds : noneRolls(consumers, isBroken),
    // What is broken may be so by the value that this run replaces.
    begun || cures || consumers.some(isBroken) ? holds : noneMissing(consumers, `, and not by ${key}: nothing crashes`),
  ])
}

const databaseIsThere = ({ databases, target }: SetFacts): Finding => {
  if (databases === undefined) return holds
  if (databases instanceof Trouble) return fails(`which databases there are is not known: ${reasonOf(databases)}`, 'honeydue db:status')
  if (databases.includes(target)) return holds
  const like = databases.find((name) => name.toLowerCase() === target.toLowerCase())
  const instead = like === undefined ? `there are ${databases.join(', ') || 'none'}` : `there is ${like}, and names are case-sensitive`
  return fails(`PostgreSQL has no database ${target} that the application may open: ${instead}`, sh`honeydue db:status`)
}
