import { reasonOf, Trouble } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import { machinePlatform, shortDigest } from '../../facts/deploy/release.ts'
import type { PullWay } from '../../facts/registry/pull-secrets.ts'
import type { KeptImage, RegistrySurvey } from '../../facts/registry/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

/** What these codes say is of whoever asks; any other refusal is of the registry, or of the way there. */
const ofCredentials: ReadonlySet<string> = new Set(['registry-forbidden', 'registry-no-secret', 'registry-no-entry'])

export const isRefused = (answer: Answer<true>): boolean => !answer.answered && ofCredentials.has(codeOf(answer))
/** The node could not be asked, which says nothing of the registry. */
export const isUnasked = (answer: Answer<true>): boolean => !answer.answered && codeOf(answer).startsWith('ssh-') && !isCutOff(answer)
/** The node answers, and finds no way to the registry. */
const isCutOff = (answer: Answer<true>): boolean => !answer.answered && codeOf(answer) === 'ssh-forward-refused'

const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

/** What is wrong: that nothing can be pulled first, then what is missing, then what is missing on the way back. */
export const registryFindings = (survey: RegistrySurvey): readonly Observation[] => {
  const all = [
    ...survey.hosts.flatMap((host) => ofHost(host, survey.ways)),
    ...ofSecrets(survey.ways),
    ...ofNodes(survey.ways),
    ...survey.images.flatMap(ofImage),
    ...ofWayBack(survey.images),
    ...ofRepositories(survey),
  ]
  return worstFirst(all)
}

/** It is away for us: whether for the nodes as well is what counts for pods. */
const ofHost = (host: string, ways: readonly PullWay[]): readonly Observation[] => {
  const own = ways.filter((way) => way.host === host)
  const [away] = own.flatMap(({ here }) => (here.answered || isRefused(here) ? [] : [here.error]))
  if (away === undefined) return []
  const from = new Set(own.flatMap(({ nodes }) => [...nodes].flatMap(([alias, one]) => (one.answered || isRefused(one) ? [alias] : []))))
  const nodes =
    from.size === 0 ? 'No node gets there either' : `The nodes get there (${[...from].join(', ')}): it is the way from this machine`
  return [wrong(`${reasonOf(away)}. ${nodes}`, nextOf(away))]
}

/** A kubelet tries every pull secret of a pod: a workload is without only where none lets it in. */
const ofSecrets = (ways: readonly PullWay[]): readonly Observation[] => {
  const opened = new Set(ways.flatMap(({ host, workloads, here }) => (here.answered ? workloads.map((one) => `${host} ${one}`) : [])))
  return ways.flatMap(({ host, secret, workloads, here }) => {
    if (here.answered || !isRefused(here)) return []
    const stuck = workloads.filter((one) => !opened.has(`${host} ${one}`))
    const reason = reasonOf(here.error)
    if (stuck.length === 0) return [warning(`${secret} of ${workloads.join(', ')} is of no use: ${reason}. Another pull secret is`)]
    const who = stuck.join(', ')
    return [
      secret === undefined
        ? wrong(`${who} names no pull secret, and ${host} wants one: its pods start only where their image is`, nextOf(here.error))
        : wrong(
            `Pull secret ${secret} of ${who} does not work: ${reason}. Pods start only on nodes that have their images`,
            codeOf(here) === 'registry-forbidden' ? 'honeydue secrets:status' : nextOf(here.error),
          ),
    ]
  })
}

/** What is so from here already is not told of each node again. */
const ofNodes = (ways: readonly PullWay[]): readonly Observation[] => {
  const told = new Map<string, Observation>()
  for (const { host, secret, here, nodes } of ways) {
    // sshd says nothing else where nobody may forward at all: of all of them that is likelier than that none has a way.
    const none = here.answered && nodes.size > 1 && [...nodes.values()].every(isCutOff)
    for (const [alias, from] of nodes) {
      if (from.answered || (isRefused(from) && isRefused(here))) continue
      const reason = reasonOf(from.error)
      const ask = sh`ssh ${alias} ${sh`curl -sv -o /dev/null --max-time 5 https://${host}/v2/`}`
      if (none || isUnasked(from))
        told.set(`${alias} ssh`, warning(`${alias} could not be asked: ${reason}`, none ? ask : nextOf(from.error)))
      else if (isRefused(from))
        told.set(`${alias} ${secret}`, wrong(`${host} lets ${secret ?? 'nobody'} in from here, and not from ${alias}: ${reason}`, ask))
      else if (here.answered || isCutOff(from)) told.set(`${alias} ${host}`, wrong(`${alias} cannot pull from ${host}: ${reason}`, ask))
    }
  }
  return [...told.values()]
}

const ofImage = ({ workload, image, use, kept, running, forgotten }: KeptImage): readonly Observation[] => {
  if (use !== 'live' || !kept.answered) return []
  const inspect = sh`docker buildx imagetools inspect ${image}`
  if (kept.value === undefined)
    return [wrong(`${image} is not in its registry: a pod of ${workload} that comes to a node without it does not start`, inspect)]
  const { digest, platforms } = kept.value
  if (platforms !== undefined && !platforms.includes(machinePlatform))
    return [wrong(`${image} is for ${platforms.join(', ')} alone: it does not run on these nodes (${machinePlatform})`, inspect)]
  const others = running.filter((one) => one !== digest)
  if (others.length === 0) return []
  const runs = others.map(shortDigest).join(', ')
  const lost = forgotten.length === 0 ? 'which it has by its digest alone' : 'which it has no more: no node can pull it again'
  return [wrong(`${workload} runs ${runs}, ${lost}. The tag was pushed again, and is ${shortDigest(digest)} now`, 'honeydue deploy:status')]
}

/** The newest revision before the present one is where a rollback goes; older ones are told together. */
const ofWayBack = (images: readonly KeptImage[]): readonly Observation[] =>
  [...new Set(images.map(({ workload }) => workload))].flatMap((workload) => {
    const [last, ...older] = images.filter((one) => one.workload === workload && one.use !== 'live')
    const gone = older.filter(isGone)
    return [
      ...(last && isGone(last)
        ? [
            wrong(
              `The way back of ${workload} is cut off: ${last.image} (revision ${last.use}) ${whyGone(last)}`,
              sh`docker buildx imagetools inspect ${last.image}`,
            ),
          ]
        : []),
      ...(gone.length === 0
        ? []
        : [warning(`Older revisions of ${workload} cannot be pulled any more: ${gone.map(({ use }) => use).join(', ')}`)]),
    ]
  })

const isGone = ({ kept }: KeptImage): boolean =>
  kept.answered && (kept.value === undefined || (kept.value.platforms !== undefined && !kept.value.platforms.includes(machinePlatform)))

const whyGone = ({ kept }: KeptImage): string =>
  kept.answered && kept.value?.platforms ? `is for ${kept.value.platforms.join(', ')} alone` : 'is not in its registry'

/** Only where nothing above says why already. */
const ofRepositories = ({ repositories, images, ways }: RegistrySurvey): readonly Observation[] => {
  if (ways.some(({ here }) => !here.answered)) return []
  const errors = [...repositories.map(({ tags }) => tags), ...images.map(({ kept }) => kept)].flatMap((one) =>
    one.answered ? [] : [one.error],
  )
  const [first] = errors
  return first === undefined ? [] : [warning(`Not everything of it is known: ${reasonOf(first)}`, nextOf(first))]
}
