import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf } from '../../errors.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { isRollingOut } from '../../facts/cluster/rollout.ts'
import { stuckBecause } from '../../facts/cluster/unready.ts'
import { autoscalerOf, hinderedBy } from '../../facts/deploy/autoscaler.ts'
import { digestsOf, machinePlatform, olderThanConfig, type Release, revisionOf, shortDigest } from '../../facts/deploy/release.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { DeployStatus } from './gather.ts'

/** What is wrong with what is deployed: what does not run first, then what runs otherwise than is thought, then what would surprise the next deploy. */
export const deployFindings = (status: DeployStatus, environment: Environment): readonly Observation[] => {
  const found = [
    ...status.releases.flatMap((release) => releaseFindings(release, status, environment)),
    ...commitFindings(status),
    ...schemaFindings(status),
  ]
  return worstFirst(found)
}

/** What is wrong with one workload. */
export const releaseFindings = (release: Release, status: DeployStatus, environment: Environment): readonly Observation[] => [
  ...rolloutFindings(release),
  ...registryFindings(release),
  ...digestFindings(release, status),
  ...replicaFindings(release, status, environment),
  ...configFindings(release, status, environment),
]

const rolloutFindings = ({ name, deployment, pods: own, sets, revision }: Release): readonly Observation[] => {
  const stuck = own.filter(({ pod }) => !isReady(pod)).flatMap(({ pod }) => stuckBecause(pod) ?? [])
  const [why] = stuck
  const before = Math.max(0, ...sets.flatMap((set) => revisionOf(set) ?? []).filter((one) => revision !== undefined && one < revision))
  const ready = own.filter(({ pod }) => isReady(pod)).length
  if (why !== undefined)
    return [
      {
        level: 'wrong',
        text: `The rollout of ${name} is stuck, ${ready} of ${deployment.spec.replicas ?? 1} pods are ready: ${why}`,
        next:
          before > 0
            ? sh`honeydue deploy:rollback ${name} --to ${before} --dry-run`
            : sh`kubectl -n ${deployment.metadata.namespace ?? ''} describe deployment ${name}`,
      },
    ]
  if (deployment.spec.paused)
    return [
      {
        level: 'warning',
        text: `The rollout of ${name} is paused${isRollingOut(deployment) ? ' in the middle: pods of two revisions serve' : ''}`,
        next: sh`honeydue deploy:resume ${name} --dry-run`,
      },
    ]
  return isRollingOut(deployment)
    ? [
        {
          level: 'warning',
          text: `${name} is rolling out: ${ready} of ${deployment.spec.replicas ?? 1} pods are ready`,
          next: 'honeydue deploy:status',
        },
      ]
    : []
}

const registryFindings = ({ name, image, registry }: Release): readonly Observation[] => {
  if (!registry.answered) return []
  const { value } = registry
  if (value === undefined)
    return [
      {
        level: 'wrong',
        text: `${image} is not in its registry: a pod of ${name} that comes to a node without it does not start`,
        next: sh`docker buildx imagetools inspect ${image}`,
      },
    ]
  return value.platforms === undefined || value.platforms.includes(machinePlatform)
    ? []
    : [
        {
          level: 'wrong',
          text: `${image} is for ${value.platforms.join(', ')} alone: it does not run on these nodes (${machinePlatform})`,
          next: sh`docker buildx imagetools inspect ${image}`,
        },
      ]
}

/** What to look at first where deploy:image would be refused now. */
const inTheWay = (release: Release, { schema, migrating }: DeployStatus): string | undefined => {
  const { name } = release
  const behind = (name === 'api' || name === 'worker') && schema.answered && schema.value.state.era !== 'goose'
  return unsteady(release) ?? (behind || migrating.length > 0 ? 'honeydue db:migrations' : undefined)
}

/** The same of deploy:restart. */
const unsteady = ({ name, deployment }: Release): string | undefined =>
  deployment.spec.paused ? sh`honeydue deploy:resume ${name} --dry-run` : isRollingOut(deployment) ? 'honeydue cluster:health' : undefined

/** A tag that was pushed anew: nodes that have it go on with what they have. */
const digestFindings = (release: Release, status: DeployStatus): readonly Observation[] => {
  const { name, image, tag, registry } = release
  const digests = [...digestsOf(release)]
  const has = registry.answered ? registry.value?.digest : undefined
  const others = digests.filter(([digest]) => has !== undefined && digest !== has)
  if (digests.length < 2 && others.length === 0) return []
  const said = digests
    .map(([digest, of]) => `${counted(of.length, 'pod')} ${of.length === 1 ? 'runs' : 'run'} ${shortDigest(digest)}`)
    .join(', ')
  return [
    {
      level: 'wrong',
      text: `${name}: ${said}; ${has === undefined ? 'what the registry has is not known' : `the registry has ${shortDigest(has)} for ${tag ?? image}`}: the tag was pushed again, and a node keeps what it has of it`,
      next: inTheWay(release, status) ?? sh`honeydue deploy:image --tag ${tag ?? ''} --only ${name} --by-digest --dry-run`,
    },
  ]
}

const replicaFindings = (
  { name, deployment }: Release,
  { autoscalers }: DeployStatus,
  { workloads }: Environment,
): readonly Observation[] => {
  const wanted = workloads[name]
  const has = deployment.spec.replicas ?? 1
  const scaler = autoscalerOf(autoscalers, name)
  const found: Observation[] = []
  const hindered = scaler && hinderedBy(scaler)
  if (scaler && hindered !== undefined)
    found.push({
      level: 'warning',
      text: `The autoscaler ${scaler.metadata.name} of ${name}: ${clipped(hindered, 200)}`,
      next: sh`kubectl -n ${scaler.metadata.namespace ?? ''} describe hpa ${scaler.metadata.name}`,
    })
  if (scaler)
    found.push({
      level: wanted?.singleton ? 'wrong' : 'warning',
      text: `The autoscaler ${scaler.metadata.name} sets the replicas of ${name}: what a manifest or deploy:scale sets does not last`,
      next: sh`honeydue deploy:scale ${name} --replicas ${wanted?.replicas ?? has} --remove-autoscaler --dry-run`,
    })
  if (wanted && wanted.replicas !== has)
    found.push({
      level: has < wanted.replicas || wanted.singleton ? 'wrong' : 'warning',
      text: `${name} is set to ${counted(has, 'pod')}; the manifests have ${wanted.replicas}${wanted.singleton && has > 1 ? ': only one may run at a time' : ''}`,
      next: sh`honeydue deploy:scale ${name} --replicas ${wanted.replicas} --dry-run`,
    })
  return found
}

const configFindings = (release: Release, { config }: DeployStatus, { database }: Environment): readonly Observation[] => {
  const old = olderThanConfig(release, config, database.configMap)
  return old.length === 0
    ? []
    : [
        {
          level: 'warning',
          text: `${counted(old.length, 'pod')} of ${release.name} started before ${database.configMap} was last written, and ${old.length === 1 ? 'runs' : 'run'} with the values from before`,
          next: unsteady(release) ?? sh`honeydue deploy:restart ${release.name} --dry-run`,
        },
      ]
}

/** api and worker share the queue's payloads and the schema. */
const commitFindings = (status: DeployStatus): readonly Observation[] => {
  const { releases } = status
  const [api, worker] = ['api', 'worker'].map((name) => releases.find((one) => one.name === name))
  const found: Observation[] = []
  if (api && worker && api.tag !== worker.tag)
    found.push({
      level: 'warning',
      text: `api is of ${api.tag ?? api.image} and worker of ${worker.tag ?? worker.image}: they share the schema and the queue's payloads`,
      next: inTheWay(worker, status) ?? sh`honeydue deploy:image --tag ${api.tag ?? ''} --only worker --dry-run`,
    })
  for (const { name, image, commit } of releases)
    if (commit.answered && commit.value === undefined)
      found.push({ level: 'warning', text: `The tag of ${image} (${name}) names no commit of the checkout`, next: 'git fetch --tags' })
  return found
}

const schemaFindings = ({ schema, migrating }: DeployStatus): readonly Observation[] => {
  const found: Observation[] = migrating.map((job) => ({
    level: 'warning',
    text: `A migration is running: Job ${job}`,
    next: 'honeydue db:migrations',
  }))
  if (!schema.answered) {
    found.push({ level: 'warning', text: `The schema's version is not known: ${reasonOf(schema.error)}`, next: 'honeydue db:status' })
    return found
  }
  const { state, files, image } = schema.value
  if (files === undefined) return found
  if (state.ahead.length > 0)
    found.push({
      level: 'warning',
      text: `The schema has version ${state.ahead.join(', ')}, which ${image} does not know`,
      next: 'honeydue db:migrations',
    })
  if (state.pending.length + state.late.length > 0)
    found.push({
      level: 'wrong',
      text: `${image} wants ${[...state.late, ...state.pending].map(({ name }) => name).join(', ')}, which ${state.pending.length + state.late.length === 1 ? 'has' : 'have'} not run`,
      next: state.era === 'goose' ? 'honeydue db:migrate --dry-run' : 'honeydue db:migrations',
    })
  return found
}
