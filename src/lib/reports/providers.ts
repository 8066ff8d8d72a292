import { age } from '../age.ts'
import { clipped } from '../facts/cluster/clipped.ts'
import { askPages, type ProviderPage, pagePatience } from '../facts/providers/pages.ts'
import { defineReport, type Observation, worstFirst } from '../plan/report.ts'
import { sh } from '../shell.ts'

/** What the providers that the deployment stands on say of themselves. It is a hint, and decides nothing. */
export const providers = defineReport({
  id: 'providers',
  title: 'Show what the providers say of themselves: is it us or them',
  needs: ['http'],
  choices: {},
  look: async (_, { http }, { environment, clock }) => {
    const pages = await askPages(environment.status_pages, http, clock)
    const now = clock.now()
    return {
      findings: worstFirst(
        pages.length === 0
          ? [{ level: 'warning', text: 'No status page is in the configuration: nobody was asked', next: 'honeydue config:explain' }]
          : pages.flatMap(told),
      ),
      tables: [
        {
          title: 'Providers, by their own word',
          columns: ['provider', 'state', 'says', 'page of'],
          rows: pages.map(({ name, said, because }) => [
            clipped(name, 16),
            said === undefined ? 'NOT KNOWN' : said.indicator === 'well' ? 'well' : clipped(said.indicator, 12).toUpperCase(),
            clipped(said?.text ?? because ?? '', 36),
            said?.asOf === undefined ? '' : `${age(Math.max(0, now.getTime() - said.asOf.getTime()) / 1000)} ago`,
          ]),
        },
      ],
      notes: [
        'Such a page comes late, and is written by the provider: "well" there is no proof',
        'What is wrong as seen from here: honeydue diagnose',
      ],
      unreachable: pages.length > 0 && pages.every(({ said }) => said === undefined),
      data: pages.map(({ name, url, said, because }) => ({
        name,
        url,
        state: said?.indicator ?? null,
        says: said?.text ?? null,
        asOf: said?.asOf?.toISOString() ?? null,
        because: because ?? null,
      })),
    }
  },
})

/** Minor trouble and maintenance are announced all the time, and few of them are felt. */
const severe = new Set(['major', 'critical'])

const told = ({ name, url, said, because }: ProviderPage): readonly Observation[] => {
  const next = sh`curl -sS --max-time ${pagePatience / 1000} ${url}`
  if (said === undefined) return [{ level: 'warning', text: `${name} is not known: ${because}`, next }]
  if (said.indicator === 'well') return []
  return [
    {
      level: severe.has(said.indicator) ? 'wrong' : 'warning',
      text: `${name} says of itself: ${said.text} (${said.indicator})`,
      next: 'honeydue diagnose',
    },
  ]
}
