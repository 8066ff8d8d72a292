import { minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { type PrunedRepository, prunable, type TagFacts } from '../../facts/registry/prunable.ts'
import { optionalText } from '../../plan/choice.ts'
import { when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'

interface PruneFacts {
  readonly hosts: readonly string[]
  readonly repositories: readonly PrunedRepository[]
  readonly last: number
}

/** Takes old tags away, and never one that runs, that a rollback would go to, or that no commit of the checkout names. */
export const prune = defineProcedure({
  id: 'registry:prune',
  title: 'Take old images away from the registry',
  needs: ['kube', 'registry', 'checkout'],
  choices: {
    last: optionalText({
      about: 'so many of the newest tags stay in each repository, whatever else stays',
      default: '10',
      refuse: (given) => (/^[1-9]\d{0,3}$/.test(given) ? undefined : `"${given}" is no count from 1 to 9999`),
    }),
  },
  risk: () => 'irreversible',
  gather: async ({ last = '10' }, look, { environment: { namespace } }): Promise<PruneFacts> => {
    const repositories = await prunable(look, namespace, Number(last))
    return { repositories, hosts: [...new Set(repositories.map(({ name }) => name.split('/')[0] ?? name))], last: Number(last) }
  },
  subject: ({ hosts }) => hosts.join(','),
  target: ({ repositories }) => repositories.map(({ name, tags }) => `${name}: ${counted(tags.length, 'tag')}`),
  beyond: ({ repositories }) => [
    'Gitea frees the disk later, by its cleanup rules: the manifests of each platform stay without a tag until then',
    ...repositories.flatMap(({ name, tags }) => staying(name, tags)),
  ],
  // Gitea forgets what a tag had before it was pushed again.
  elsewhere: ({ repositories }) =>
    repositories.flatMap(({ missing }) =>
      missing.map(
        ({ image, why }) => `${image}, which ${why === 'live' ? 'pods run' : 'a rollback would go to'}, is not in the registry any more`,
      ),
    ),
  steps: ({ repositories }) => repositories.filter(({ tags }) => tags.some(goes)).map(removeOld),
})

const goes = ({ kept }: TagFacts): boolean => kept === undefined

/** "…/honeydue-api keeps 3: live 12b2f9d, a rollback b67f7f9, …". */
const staying = (name: string, tags: readonly TagFacts[]): readonly string[] => {
  const kept = tags.filter((one) => !goes(one))
  const by = new Map<string, string[]>()
  for (const { kept: why = '', tag } of kept) by.set(why, [...(by.get(why) ?? []), tag])
  const said = [...by].map(
    ([why, of]) => `${why} ${of.length > 5 ? `${of.slice(0, 5).join(', ')} and ${of.length - 5} more` : of.join(', ')}`,
  )
  return kept.length === 0 ? [] : [`${name.split('/').at(-1)} keeps ${kept.length}: ${said.join('; ')}`]
}

const removeOld = ({ name, tags, missing }: PrunedRepository): Change<'registry'> => {
  const old = tags.filter(goes)
  const lost = missing.find(({ why }) => why === 'live')
  return {
    title: `Take ${counted(old.length, 'tag')} of ${name.split('/').at(-1)} away`.slice(0, 60),
    effect: old.map(({ image, at }) => ({
      what: image,
      before: 'there',
      after: 'gone',
      ...(at !== undefined && { note: `of ${at.slice(0, 10)}` }),
    })),
    unknown: 'whether the login may delete is known only by trying',
    // What pods run may have to be replaced by an older one: nothing older goes meanwhile.
    check: async () =>
      when(
        lost === undefined,
        `${lost?.image}, which pods run, is not in the registry any more: nothing is taken away beside it`,
        'honeydue registry:status',
      ),
    apply: async (write, signal, tell) => {
      for (const [i, { image }] of old.entries()) {
        // Each is whole by itself: between two of them it may end.
        signal.throwIfAborted()
        await write.registry.deleteTag({ image })
        await tell?.(`${i + 1} of ${old.length} gone`)
      }
    },
    verify: async ({ registry }) => {
      const there = new Set(await registry.tags(name))
      const left = old.filter(({ tag }) => there.has(tag))
      return when(left.length === 0, `${name} still has ${left.map(({ tag }) => tag).join(', ')}`)
    },
    within: minutes(1),
    undo: { impossible: 'the registry keeps nothing of a tag that was taken away: its commit is to be built and pushed again' },
  }
}
