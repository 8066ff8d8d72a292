import { chunksOf } from '../../chunks.ts'
import { Usage } from '../../errors.ts'
import { told } from '../../facts/edge/survey.ts'
import { texts, toggle } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import type { Purge, Zone } from '../../systems/cloudflare/types.ts'
import type { Answer } from '../../systems/http/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What is to go, and how the edge answered for each URL when the plan was made. */
export interface PurgeFacts {
  readonly zone: Zone
  readonly hosts: readonly string[]
  readonly urls: readonly string[]
  readonly everything: boolean
  /** Seconds that the copy served here is old, by URL; a URL without one was not served from the cache. */
  readonly ages: ReadonlyMap<string, number>
}

/** Cloudflare's limits on the Free plan: operations in one request, and requests in its bucket (5 more a minute). */
const aRequest = 100
const bucket = 25

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/

const refuseUrl = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url && /^https?:$/.test(url.protocol) && !url.username ? undefined : `"${value}" is no URL such as https://api.myhoneydue.com/a`
}

/** Makes the edge ask the nodes again for what it has cached. */
export const purge = defineProcedure({
  id: 'edge:purge',
  title: "Purge URLs, hosts or everything from Cloudflare's cache",
  needs: ['cloudflare', 'http'],
  choices: {
    url: texts({ about: 'a URL to purge; may be given several times', not: ['everything'], refuse: refuseUrl }),
    host: texts({
      about: 'a host whose every URL is purged; may be given several times',
      not: ['everything'],
      refuse: (value) => (hostName.test(value) ? undefined : `"${value}" is no host name in lower case`),
    }),
    everything: toggle({ about: 'purge the whole zone', not: ['url', 'host'] }),
  },
  // The next request of each thing purged goes to a node: of one URL that is nothing, of everything a wave.
  risk: ({ everything, host }) => (everything ? 'irreversible' : host.length > 0 ? 'disruptive' : 'routine'),
  gather: async ({ url, host, everything }, look): Promise<PurgeFacts> => {
    const [urls, hosts] = [[...new Set(url)], [...new Set(host)]]
    if (everything === urls.length + hosts.length > 0) {
      throw new Usage({
        code: 'edge-purge-what',
        failed: everything ? '--everything excludes --url and --host' : 'None of --url, --host and --everything was given',
        next: 'honeydue edge:purge --url https://api.myhoneydue.com/…',
      })
    }
    const [zone, ages] = await Promise.all([look.cloudflare.zone(), agesOf(urls, look.http)])
    return { zone, hosts, urls, everything, ages }
  },
  subject: ({ everything, zone, hosts, urls }) => (everything ? zone.name : [...hosts, ...urls].join(',')),
  target: ({ zone }) => [`zone ${zone.name}${zone.account && ` of the account ${zone.account}`}, ${zone.plan}`],
  beyond: () => ['Copies in browsers and in other caches stay; of the edge, only the place nearest to this machine can be seen'],
  steps: (facts) => purgesOf(facts).map((what) => purgeStep(facts, what)),
})

const purgesOf = ({ everything, hosts, urls }: PurgeFacts): readonly Purge[] =>
  everything
    ? [{ everything: true }]
    : [...chunksOf(urls, aRequest).map((part) => ({ urls: part })), ...chunksOf(hosts, aRequest).map((part) => ({ hosts: part }))]

const purgeStep = (facts: PurgeFacts, what: Purge): Change<'cloudflare' | 'http'> => {
  const named = 'hosts' in what ? what.hosts : 'urls' in what ? what.urls : [`everything of ${facts.zone.name}`]
  const kind = 'hosts' in what ? 'hosts' : 'urls' in what ? 'URLs' : ''
  return {
    title: named.length === 1 && named[0] ? short(`Purge ${named[0]}`) : `Purge ${named.length} ${kind}`,
    effect: named.map((one) => ({
      what: one,
      before: 'perhaps cached',
      after: 'asked of a node again',
      ...('urls' in what && { note: seen(facts, one) }),
    })),
    unknown: 'what is cached where, and whether the token may purge, is known only by trying',
    check: async () => mayPurge(facts),
    apply: (write) => write.cloudflare.purge(what),
    verify: (look) => purged(facts, what, look),
    // Cloudflare keeps no record of purges: a request that is refused stops by itself, and a copy that was seen is to be gone.
    shows: (prove) =>
      prove.http.fresher(
        ('urls' in what ? what.urls : []).flatMap((url) => (facts.ages.has(url) ? [{ url, than: facts.ages.get(url) ?? 0 }] : [])),
      ),
    undo: { impossible: 'the edge fills its cache again from the nodes, request by request; there is nothing to put back' },
  }
}

const allAtOnce = 'honeydue edge:purge --everything --dry-run   # one request'

const mayPurge = ({ zone, hosts, urls, everything }: PurgeFacts): Finding => {
  const names = [...hosts, ...urls.map((url) => new URL(url).hostname)]
  const foreign = [...new Set(names)].filter((name) => name !== zone.name && !name.endsWith(`.${zone.name}`))
  const requests = purgesOf({ zone, hosts, urls, everything, ages: new Map() }).length
  return every([
    ...foreign.map((name) => fails(`${name} is no name of the zone ${zone.name}`)),
    when(
      requests <= bucket,
      `${requests} requests are more than the ${bucket} that Cloudflare takes at once: --everything is one`,
      allAtOnce,
    ),
  ])
}

/** Cloudflare keeps no record of purges: its acceptance counts, and that the copy seen before is not served any more. */
const purged = async ({ ages }: PurgeFacts, what: Purge, look: Readers<'cloudflare' | 'http'>): Promise<Finding> => {
  const accepted = (await look.cloudflare.purged()).some((one) => JSON.stringify(one) === JSON.stringify(what))
  if (!accepted) return fails('Cloudflare has not been asked to purge it')
  if (!('urls' in what)) return holds
  const now = await agesOf(
    what.urls.filter((url) => ages.has(url)),
    look.http,
  )
  return every([...now].map(([url, age]) => when(age < (ages.get(url) ?? 0), `${url} is still served from the cache, ${age} s old`)))
}

/** Seconds that each copy is old which the edge serves from its cache. */
const agesOf = async (urls: readonly string[], http: Readers<'http'>['http']): Promise<ReadonlyMap<string, number>> => {
  const asked = await Promise.all(
    urls
      .filter((url) => url.startsWith('https:'))
      .slice(0, aRequest)
      .map(async (url) => [url, await told(http.get(url))] as const),
  )
  return new Map(
    asked.flatMap(([url, answer]) => ('value' in answer && cached(answer.value) ? [[url, Number(answer.value.headers.age ?? 0)]] : [])),
  )
}

const cached = ({ headers }: Answer): boolean => ['HIT', 'STALE', 'UPDATING', 'REVALIDATED'].includes(headers['cf-cache-status'] ?? '')

const seen = ({ ages }: PurgeFacts, url: string): string => {
  const age = ages.get(url)
  return age === undefined ? 'not served from the cache here' : `cached here, ${age} s old`
}

const short = (title: string): string => (title.length <= 60 ? title : `${title.slice(0, 59)}…`)
