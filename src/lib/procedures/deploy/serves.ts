import { readBootLogs, warmupOf } from '../../facts/db/warmup.ts'
import { every, fails, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import type { MoveFacts } from './image-facts.ts'

/** What is seen of api before another workload follows: the health endpoint, and where the environment says how to read it, the warm-up. */
export const apiServes = ({ namespace, health, warmup }: MoveFacts): readonly Proof<'kube' | 'http'>[] => [
  {
    title: 'The health endpoint answers',
    ...(!health.answers && { onlyAfterwards: true as const }),
    holds: async (look) => {
      const status = await look.http.get(health.url).then(
        (answer) => answer.status,
        () => undefined,
      )
      return when(status === 200, `${health.url} ${status === undefined ? 'does not answer' : `answers ${status}`}`)
    },
    shows: (prove) => prove.http.answers({ urls: [{ url: health.url, like: 'success' }] }),
  },
  ...(warmup === undefined || !isPattern(warmup)
    ? []
    : [
        {
          title: 'Each api pod warmed its database pool up',
          onlyAfterwards: true as const,
          holds: async (look: Parameters<Proof<'kube'>['holds']>[0]) => {
            const logs = (await readBootLogs(look.kube, { namespace, deployment: 'api' })) ?? []
            return every(
              logs.map(({ pod, lines }) =>
                lines.answered
                  ? when(
                      warmupOf(pod, lines.value, new RegExp(warmup)).line !== undefined,
                      `the log of ${pod.metadata.name} does not tell of it`,
                    )
                  : fails(`the log of ${pod.metadata.name} cannot be read`),
              ),
            )
          },
        },
      ]),
]

/** db:verify-warmup says what is wrong with one that is none. */
const isPattern = (text: string): boolean => {
  try {
    return Boolean(new RegExp(text))
  } catch {
    return false
  }
}
