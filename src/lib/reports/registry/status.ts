import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import type { Answer } from '../../facts/answer.ts'
import { shortDigest } from '../../facts/deploy/release.ts'
import { type KeptImage, type RegistrySurvey, surveyRegistry } from '../../facts/registry/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { isRefused, isUnasked, registryFindings } from './findings.ts'

/** Whether images can be pulled, from here and from each node, and whether what runs and what a rollback needs is still there. */
export const registryStatus = defineReport({
  id: 'registry:status',
  title: 'Show whether images can be pulled, and which are kept',
  needs: ['kube', 'registry', 'nodes'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyRegistry(look, environment)
    const aliases = environment.nodes.map(({ alias }) => alias)
    return {
      findings: registryFindings(survey),
      tables: [waysTable(survey, aliases), imagesTable(survey)],
      notes: survey.repositories.map(({ name, tags }) => `${name}: ${tagsOf(tags)}`),
      data: dataOf(survey),
    }
  },
})

const cell = (answer: Answer<true> | undefined): string =>
  answer === undefined || isUnasked(answer) ? '?' : answer.answered ? 'yes' : isRefused(answer) ? 'REFUSED' : 'NO ANSWER'

const waysTable = ({ ways }: RegistrySurvey, aliases: readonly string[]): Table => ({
  title: 'Who is let in',
  columns: ['pull secret', 'used by', 'here', ...aliases],
  rows: ways.map(({ secret = 'none', workloads, here, nodes }) => [
    secret,
    workloads.map((one) => one.replace(/^Deployment /, '')).join(', '),
    cell(here),
    ...aliases.map((alias) => cell(nodes.get(alias))),
  ]),
})

const imagesTable = ({ images }: RegistrySurvey): Table => ({
  title: 'Images that run, and those that a rollback pulls',
  columns: ['workload', 'tag', 'for', 'digest', 'platforms', 'there'],
  rows: images.map((one) => [one.workload, tagIn(one.image), one.use === 'live' ? 'live' : `revision ${one.use}`, ...keptCells(one)]),
})

const keptCells = ({ kept, running }: KeptImage): readonly string[] => {
  if (!kept.answered) return ['', '', '?']
  if (kept.value === undefined) return ['', '', 'NO']
  const { digest, platforms } = kept.value
  return [shortDigest(digest), platforms?.join(' ') ?? '', running.some((one) => one !== digest) ? 'ANOTHER' : 'yes']
}

const tagIn = (image: string): string => (/@(sha256:[0-9a-f]{12})/.exec(image) ?? /:([\w][\w.-]*)$/.exec(image))?.[1] ?? 'latest'

const tagsOf = (tags: RegistrySurvey['repositories'][number]['tags']): string =>
  !tags.answered ? 'its tags are not known' : tags.value === undefined ? 'there is no such repository' : counted(tags.value.length, 'tag')

/** For machines: an answer as a word, or the reason why there is none. */
const dataOf = ({ hosts, ways, images, repositories }: RegistrySurvey) => ({
  registries: hosts,
  pullSecrets: ways.map(({ host, secret, workloads, here, nodes }) => ({
    registry: host,
    secret: secret ?? null,
    workloads,
    here: wordOf(here),
    nodes: Object.fromEntries([...nodes].map(([alias, one]) => [alias, wordOf(one)])),
  })),
  images: images.map(({ workload, image, use, running, forgotten, kept }) => ({
    workload,
    image,
    use: use === 'live' ? 'live' : 'rollback',
    revision: use === 'live' ? null : use,
    running,
    forgotten,
    registry: kept.answered ? (kept.value ?? null) : { error: reasonOf(kept.error) },
  })),
  repositories: repositories.map(({ name, tags }) => ({
    name,
    tags: tags.answered ? (tags.value ?? null) : { error: reasonOf(tags.error) },
  })),
})

const wordOf = (answer: Answer<true>) =>
  answer.answered ? { accepted: true } : { accepted: isRefused(answer) ? false : null, error: reasonOf(answer.error) }
