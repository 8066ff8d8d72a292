import { minutes } from '../../clock.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { isWell, statusInWords } from '../../facts/edge/public-names.ts'
import { told } from '../../facts/edge/survey.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import { isReady } from '../../pod-state.ts'
import type { KubeManifest } from '../../systems/kube/types.ts'
import { hostLabel, isPinned, lostPods, type RecoverFacts, serving } from './recover-facts.ts'

type Needs = 'kube' | 'nodes' | 'redis' | 'http'

/** A machine that has no image of it pulls one. */
const startPatience = minutes(5)
/** A worker looks for Redis every few seconds; one that was on the machine that is gone is replaced after five minutes. */
const workerPatience = minutes(8)

export const recoverSteps = (facts: RecoverFacts): readonly (Change<Needs> | Proof<Needs>)[] => [
  ...(facts.there ? [] : [makeClaim(facts)]),
  pin(facts),
  ...(lostPods(facts).length === 0 ? [] : [removeLost(facts)]),
  runs(facts),
  works(facts),
  healthAnswers(facts),
]

const makeClaim = (facts: RecoverFacts): Change<Needs> => {
  const { environment, wanted, claims, claim, target } = facts
  const { namespace } = environment
  const former = claims.find(({ metadata }) => metadata.name === claim)
  const manifest: KubeManifest = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: wanted, namespace },
    spec: {
      accessModes: former?.spec.accessModes ?? [],
      ...(former?.spec.storageClassName !== undefined && { storageClassName: former.spec.storageClassName }),
      resources: former?.spec.resources ?? {},
    },
  }
  return {
    title: `Claim an empty volume for Redis on ${target.alias}`,
    effect: [
      {
        what: `claim ${namespace}/${wanted}`,
        before: 'not there',
        after: `${former?.spec.resources?.requests?.['storage'] ?? '?'}, empty`,
        note: `of the class ${former?.spec.storageClassName ?? 'that is the default'}`,
      },
    ],
    check: async () =>
      when(
        former !== undefined,
        `Redis has no claim to take size and class from${claim === undefined ? '' : `: ${claim} is not there`}`,
        'honeydue cluster:health',
      ),
    apply: (write) => write.kube.createClaim({ namespace, name: wanted, manifest }),
    verify: async (look) =>
      when((await look.kube.get('PersistentVolumeClaim', wanted, namespace)) !== undefined, `there is no claim ${wanted}`),
    shows: (prove) => prove.kube.isThere({ kind: 'PersistentVolumeClaim', namespace, name: wanted }),
    undo: {
      impossible: `${wanted} stays as it is: a claim that nothing uses takes no room, and one that Redis has written to is its data`,
    },
  }
}

/** The template with another machine and another claim, and all else as it is. */
const pinnedTo = ({ deployment, claim, wanted, node }: RecoverFacts): object => {
  const { template } = deployment.spec
  return {
    ...template,
    spec: {
      ...template.spec,
      nodeSelector: { ...template.spec.nodeSelector, [hostLabel]: node.metadata.labels?.[hostLabel] ?? node.metadata.name },
      volumes: template.spec.volumes?.map((volume) =>
        volume.persistentVolumeClaim?.claimName === claim && claim !== undefined
          ? { ...volume, persistentVolumeClaim: { ...volume.persistentVolumeClaim, claimName: wanted } }
          : volume,
      ),
    },
  }
}

const pin = (facts: RecoverFacts): Change<Needs> => {
  const { environment, deployment, target, node, claim, wanted } = facts
  const { namespace, nodes } = environment
  const { name } = deployment.metadata
  const former = nodes.find(({ hostname }) => hostname === facts.pin)?.alias ?? facts.pin ?? 'any node'
  return {
    title: `Pin Redis to ${target.alias}, with its volume there`,
    effect: [
      { what: `Deployment ${namespace}/${name}, node`, before: former, after: target.alias },
      { what: `Deployment ${namespace}/${name}, claim`, before: claim ?? 'none', after: wanted },
    ],
    check: async () => mayMove(facts),
    apply: (write) => write.kube.setTemplate({ namespace, name, from: deployment.spec.template, to: pinnedTo(facts) }),
    verify: async (look) => {
      const now = (await look.kube.get('Deployment', name, namespace))?.spec.template.spec
      const of = now?.volumes?.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])[0]
      return when(
        isPinned({ pin: now?.nodeSelector?.[hostLabel], node, claim: of, wanted }),
        `Redis is pinned to ${now?.nodeSelector?.[hostLabel] ?? 'no node'}, with ${of ?? 'no claim'}`,
      )
    },
    undo: { impossible: 'the way back would lose what the queue has taken since; the same command with the former node goes it' },
  }
}

/** Nobody moves a Redis that serves: its queue would stay behind. */
const mayMove = (facts: RecoverFacts) => {
  const { target, hosts, takesPods, claim, pods } = facts
  const [well] = serving(facts)
  const answering = pods.flatMap(({ spec }) => {
    const host = hosts.get(spec.nodeName ?? '')
    return host !== undefined && !host.ready && host.silent === undefined ? [host.alias] : []
  })
  return every([
    when(claim !== undefined, 'Redis has no volume of its own: its Deployment names no claim', 'honeydue cluster:health'),
    when(takesPods, `${target.alias} takes no pods now`, 'honeydue nodes:status'),
    well === undefined
      ? holds
      : fails(
          `Redis serves on ${hosts.get(well.spec.nodeName ?? '')?.alias}: moved, its queue and its caches would stay behind`,
          'honeydue queue:status',
        ),
    ...[...new Set(answering)].map((alias) =>
      fails(`${alias} is NotReady and answers over SSH: its Redis may run on, and two would take jobs`, 'honeydue nodes:status'),
    ),
  ])
}

const removeLost = (facts: RecoverFacts): Change<Needs> => {
  const { hosts, environment } = facts
  const lost = lostPods(facts)
  const { namespace } = environment
  const uids = new Set(lost.map(({ metadata }) => metadata.uid))
  return {
    title: 'Take the pod of Redis off the machine that is gone',
    effect: lost.map(({ metadata, spec }) => ({
      what: `Pod ${namespace}/${metadata.name}`,
      before: `on ${hosts.get(spec.nodeName ?? '')?.alias ?? spec.nodeName}, which says nothing`,
      after: 'gone',
    })),
    apply: async (write) => {
      for (const { metadata } of lost) await write.kube.removePod({ namespace, name: metadata.name, uid: metadata.uid ?? '', atOnce: true })
    },
    verify: async (look) => {
      const left = (await look.kube.pods({ namespace })).filter(({ metadata }) => uids.has(metadata.uid))
      return when(left.length === 0, `${left.map(({ metadata }) => metadata.name).join(', ')} is there still`)
    },
    undo: { impossible: 'a pod that was removed is not brought back; its machine, should it come back, ends what still runs there' },
  }
}

const runs = ({ environment, target, node, deployment, wanted }: RecoverFacts): Proof<Needs> => {
  const { namespace } = environment
  const { name } = deployment.metadata
  return {
    title: `Redis runs on ${target.alias}`,
    onlyAfterwards: true,
    holds: async (look) => {
      const pods = (await look.kube.pods({ namespace })).filter((pod) => ownerOf(pod) === `Deployment ${name}`)
      const there = pods.some(
        (pod) =>
          isReady(pod) &&
          pod.spec.nodeName === node.metadata.name &&
          pod.spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === wanted),
      )
      const waits = pods.find(({ spec }) => spec.nodeName === undefined)
      const why = waits?.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message
      return when(there, `no pod of Redis is ready on ${target.alias}${why === undefined ? '' : `: ${why}`}`, 'honeydue cluster:health')
    },
    within: startPatience,
    shows: (prove) => prove.kube.rolledOut({ namespace, name, within: startPatience }),
  }
}

/** By the application's own word: a worker that lives in the queue, and one scheduler of its periodic jobs. */
const works = (_: RecoverFacts): Proof<Needs> => ({
  title: 'The worker takes jobs again, with one scheduler',
  onlyAfterwards: true,
  holds: async (look) => {
    const jobs = await told(look.redis.jobs(1))
    if ('because' in jobs) return fails(`Redis does not answer: ${jobs.because}`, 'honeydue cache:status')
    const { servers, schedulers } = jobs.value
    return every([
      when(servers.length > 0, 'no worker lives in the queue', 'honeydue cluster:health'),
      when(schedulers.length === 1, `${schedulers.length} schedulers live in the queue`, 'honeydue queue:status'),
    ])
  },
  within: workerPatience,
})

const healthAnswers = ({ environment }: RecoverFacts): Proof<Needs> => ({
  title: 'The health endpoint answers',
  onlyAfterwards: true,
  holds: async (look) => {
    const answer = await told(look.http.get(environment.health))
    if ('because' in answer) return fails(answer.because, 'honeydue edge:status')
    return when(
      isWell(environment, environment.health, answer.value.status),
      `it answers ${statusInWords(answer.value.status)}`,
      'honeydue edge:status',
    )
  },
  within: minutes(2),
  shows: (prove) => prove.http.answers({ urls: [{ url: environment.health, like: 'success' }] }),
})
