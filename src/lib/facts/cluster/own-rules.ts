import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { replicasNote } from '../../notes.ts'
import { hasEnded, isLeaving } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { ConfigMap, Deployment, PersistentVolume, PersistentVolumeClaim, Pod } from '../../systems/kube/types.ts'
import type { JobScheduler } from '../../systems/redis/jobs.ts'
import { debugKey, isOn } from '../config/debug.ts'
import { databaseKey } from '../db/databases.ts'
import { ofSchedulers } from '../queue/ailments.ts'
import { claimsOf } from './claims.ts'
import { clipped } from './clipped.ts'
import { ownerOf } from './owner.ts'
import { isRollingOut } from './rollout.ts'

/** A rule of the deployment that does not hold; `next` is what is to be typed. */
export interface BrokenRule {
  readonly workload?: string
  readonly wrong: boolean
  readonly text: string
  readonly next: string
}

/** What the rules are held against; undefined where it could not be read. */
export interface Seen {
  readonly deployments: readonly Deployment[] | undefined
  readonly pods: readonly Pod[] | undefined
  readonly config: ConfigMap | undefined
  readonly claims: readonly PersistentVolumeClaim[] | undefined
  readonly volumes: readonly PersistentVolume[] | undefined
  /** Of asynq, by Redis. */
  readonly schedulers: readonly JobScheduler[] | undefined
  /** That the application may open, by PostgreSQL. */
  readonly databases: readonly string[] | undefined
}

type Own = Pick<Environment, 'namespace' | 'workloads' | 'database' | 'redis' | 'nodes'>

/** The deployment's own rules: how many of what run (two schedulers enqueue every job twice), no DEBUG, Redis on the node that has its volume. */
export const brokenRules = (environment: Own, seen: Seen): readonly BrokenRule[] => [
  ...ofReplicas(environment, seen),
  ...ofSecondScheduler(environment, seen),
  ...ofDebug(environment, seen),
  ...ofDatabase(environment, seen),
  ...ofPlace(environment, seen),
]

const ofReplicas = ({ namespace, workloads }: Own, { deployments }: Seen): readonly BrokenRule[] =>
  deployments === undefined
    ? []
    : Object.entries(workloads).flatMap(([workload, { replicas, singleton }]): readonly BrokenRule[] => {
        const found = deployments.find(({ metadata }) => metadata.name === workload && metadata.namespace === namespace)
        if (!found) {
          return [{ workload, wrong: true, text: `There is no Deployment ${workload}`, next: sh`kubectl -n ${namespace} get deployments` }]
        }
        const has = found.spec.replicas ?? 1
        if (has === replicas) return []
        const why =
          singleton && has > replicas
            ? ': only one may run at a time'
            : found.metadata.annotations?.[replicasNote] !== undefined
              ? ': a run of honeydue that was cut off left it so'
              : ''
        return [
          {
            workload,
            wrong: has < replicas || singleton === true,
            text: `${workload} is set to ${counted(has, 'pod')}, and is to have ${replicas}${why}`,
            next: sh`honeydue deploy:scale ${workload} --replicas ${replicas}`,
          },
        ]
      })

/** Beside the workers of this cluster: where those are too many or too few, that is told, and is the cause. */
const ofSecondScheduler = ({ namespace, workloads }: Own, { schedulers, deployments }: Seen): readonly BrokenRule[] => {
  const singletons = Object.entries(workloads).filter(([, { singleton }]) => singleton)
  const isAsItIsToBe = singletons.every(([name, { replicas }]) => {
    const found = deployments?.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
    return found?.spec.replicas === replicas && found.status?.readyReplicas === replicas && !isRollingOut(found)
  })
  if (schedulers === undefined || !isAsItIsToBe) return []
  return ofSchedulers({ schedulers }).map(({ level, text }) => ({ wrong: level === 'wrong', text, next: 'honeydue queue:status' }))
}

const ofDatabase = ({ database }: Own, { config, databases }: Seen): readonly BrokenRule[] => {
  const name = config?.data?.[databaseKey]
  if (name === undefined || databases === undefined || databases.includes(name)) return []
  const like = databases.find((one) => one.toLowerCase() === name.toLowerCase())
  return [
    {
      wrong: true,
      text: `${databaseKey} is ${clipped(name, 40)} in ${database.configMap}, and PostgreSQL has no such database: no pod can start with it; there is ${databases.map((one) => clipped(one, 40)).join(', ') || 'none'}`,
      next: like === undefined ? 'honeydue db:status' : sh`honeydue config:set ${`${databaseKey}=${like}`}`,
    },
  ]
}

const ofDebug = ({ database }: Own, { config }: Seen): readonly BrokenRule[] =>
  isOn(config?.data?.[debugKey])
    ? [
        {
          wrong: true,
          text: `DEBUG is ${config?.data?.DEBUG} in ${database.configMap}: errors show customers what is meant for developers`,
          next: 'honeydue config:set DEBUG=false',
        },
      ]
    : []

const hostname = 'kubernetes.io/hostname'

const placesOf = ({ spec }: PersistentVolume): readonly string[] =>
  (spec.nodeAffinity?.required?.nodeSelectorTerms ?? [])
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .filter(({ key, operator }) => key === hostname && operator === 'In')
    .flatMap(({ values = [] }) => values)

const ofPlace = ({ namespace, redis, workloads, nodes }: Own, seen: Seen): readonly BrokenRule[] => {
  const pod = seen.pods?.find(
    (one) => one.metadata.namespace === namespace && ownerOf(one) === `Deployment ${redis.deployment}` && !hasEnded(one) && !isLeaving(one),
  )
  const is = pod?.spec.nodeName
  if (!pod || is === undefined) return []
  const mounted = claimsOf(pod)
  const claims = seen.claims?.filter(({ metadata }) => metadata.namespace === namespace && mounted.includes(metadata.name)) ?? []
  const volumes = seen.volumes?.filter(({ metadata }) => claims.some(({ spec }) => spec.volumeName === metadata.name)) ?? []
  const alias = workloads[redis.deployment]?.node
  const wanted = nodes.find((node) => node.alias === alias)?.hostname ?? alias
  const lives = volumes.flatMap(placesOf)
  const describe = sh`kubectl -n ${namespace} describe pod ${pod.metadata.name}`
  if (wanted !== undefined && wanted !== is) {
    return [
      { workload: redis.deployment, wrong: true, text: `${redis.deployment} runs on ${is}, and is to run on ${wanted}`, next: describe },
    ]
  }
  if (lives.length > 0 && !lives.includes(is)) {
    const text = `${redis.deployment} runs on ${is}, and its volume is on ${lives.join(', ')}`
    return [{ workload: redis.deployment, wrong: true, text, next: describe }]
  }
  return mounted.length === 0
    ? [
        {
          workload: redis.deployment,
          wrong: false,
          text: `${redis.deployment} has no volume: what it holds ends with its pod`,
          next: describe,
        },
      ]
    : []
}
