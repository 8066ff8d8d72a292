import { reasonOf } from '../../errors.ts'
import { timeAndAge } from '../../facts/ages.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { isRollingOut } from '../../facts/cluster/rollout.ts'
import { wakes } from '../../facts/db/activity.ts'
import { plainVersion } from '../../facts/db/migration-state.ts'
import { digestsOf, olderThanConfig, type Release, shortDigest } from '../../facts/deploy/release.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { isReady } from '../../pod-state.ts'
import { deployFindings } from './findings.ts'
import { type DeployStatus, gatherDeployStatus } from './gather.ts'

/** What of each workload is deployed, what its pods really run, and who rolled it out. */
export const deployStatus = defineReport({
  id: 'deploy:status',
  title: 'Show what is deployed, and what each pod really runs',
  needs: ['kube', 'registry', 'checkout', 'postgres'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const status = await gatherDeployStatus(look, environment)
    const { releases, schema } = status
    const now = clock.now()
    return {
      findings: deployFindings(status, environment),
      tables: [workloadTable(releases), digestTable(releases)],
      notes: [
        ...releases.flatMap((one) => rolledOutNote(one, now)),
        ...commitNotes(releases),
        ...registryNotes(releases),
        ...(schema.answered ? [`The schema is at version ${schema.value.state.current}`] : []),
        wakes,
      ],
      data: dataOf(status, environment.database.configMap),
    }
  },
})

const stateOf = ({ deployment }: Release): string => (deployment.spec.paused ? 'paused' : isRollingOut(deployment) ? 'rolling out' : 'done')

const workloadTable = (releases: readonly Release[]): Table => ({
  columns: ['workload', 'tag', 'revision', 'ready', 'rollout'],
  rows: releases.map((one) => [
    one.name,
    one.tag ?? clipped(one.image, 30),
    one.revision === undefined ? '' : String(one.revision),
    `${one.pods.filter(({ pod }) => isReady(pod)).length}/${one.deployment.spec.replicas ?? 1}`,
    stateOf(one),
  ]),
})

const digestTable = (releases: readonly Release[]): Table => ({
  title: 'What the pods run',
  columns: ['workload', 'pods', 'digest', 'in the registry'],
  rows: releases.flatMap((one) => {
    const has = one.registry.answered ? one.registry.value?.digest : undefined
    return [...digestsOf(one)].map(([digest, pods]) => [
      one.name,
      String(pods.length),
      shortDigest(digest),
      !one.registry.answered ? 'not known' : has === undefined ? 'no such image' : has === digest ? 'the same' : shortDigest(has),
    ])
  }),
})

const rolledOutNote = ({ name, setBy, cause }: Release, now: Date): readonly string[] =>
  setBy === undefined
    ? []
    : [`${name}: image set by ${setBy.manager}, ${timeAndAge(setBy.at, now)}${cause === undefined ? '' : `: ${clipped(cause, 60)}`}`]

/** Each commit once, with who runs it. */
const commitNotes = (releases: readonly Release[]): readonly string[] => {
  const tags = [...new Set(releases.flatMap(({ tag }) => tag ?? []))]
  return tags.flatMap((tag) => {
    const commit = releases.find((one) => one.tag === tag)?.commit
    return commit?.answered && commit.value ? [`${tag}: ${clipped(commit.value.subject, 60)} (${commit.value.at.slice(0, 10)})`] : []
  })
}

const registryNotes = (releases: readonly Release[]): readonly string[] => {
  const [first] = releases.flatMap(({ registry }) => (registry.answered ? [] : [reasonOf(registry.error)]))
  return first === undefined ? [] : [`What the registry has is not known: ${first}`]
}

const dataOf = ({ releases, config, autoscalers, migrating, schema }: DeployStatus, configMap: string) => ({
  workloads: releases.map((one) => ({
    name: one.name,
    image: one.image,
    tag: one.tag ?? null,
    revision: one.revision ?? null,
    changeCause: one.cause ?? null,
    imageSetBy: one.setBy ?? null,
    rollout: stateOf(one),
    replicas: one.deployment.spec.replicas ?? 1,
    registry: one.registry.answered ? (one.registry.value ?? null) : { error: reasonOf(one.registry.error) },
    commit: one.commit.answered ? (one.commit.value ?? null) : { error: reasonOf(one.commit.error) },
    olderThanConfig: olderThanConfig(one, config, configMap).map(({ name }) => name),
    pods: one.pods.map(({ name, node, digest, startedAt, pod }) => ({
      name,
      node: node ?? null,
      digest: digest ?? null,
      startedAt,
      ready: isReady(pod),
    })),
  })),
  autoscalers: autoscalers.map(({ metadata }) => metadata.name),
  migrating,
  schema: schema.answered
    ? {
        current: plainVersion(schema.value.state.current),
        ahead: schema.value.state.ahead.map(plainVersion),
        pending: schema.value.state.pending.map(({ name }) => name),
      }
    : { error: reasonOf(schema.error) },
})
