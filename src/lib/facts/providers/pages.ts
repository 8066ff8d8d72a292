import { atMost, type Clock, type Duration } from '../../clock.ts'
import type { HttpReader } from '../../systems/http/types.ts'
import { answer } from '../answer.ts'

/** A provider's page is asked for a hint: nobody waits for it. */
export const pagePatience: Duration = 1500

/** `well`, or Statuspage's own word for how bad it is: minor, major, critical, maintenance. */
export interface ProviderPage {
  readonly name: string
  readonly url: string
  readonly said: { readonly indicator: string; readonly text: string; readonly asOf: Date | undefined } | undefined
  /** Why nothing is known, in words; undefined where something is. */
  readonly because: string | undefined
}

/** As the pages of Atlassian's Statuspage say it. */
const saidBy = (document: unknown): ProviderPage['said'] => {
  const { status, page } = (document ?? {}) as {
    readonly status?: { readonly indicator?: unknown; readonly description?: unknown } | null
    readonly page?: { readonly updated_at?: unknown } | null
  }
  const { indicator, description } = status ?? {}
  if (typeof indicator !== 'string' || typeof description !== 'string') return undefined
  const asOf = new Date(String(page?.updated_at))
  return {
    indicator: indicator === 'none' ? 'well' : indicator,
    text: description,
    asOf: Number.isNaN(asOf.getTime()) ? undefined : asOf,
  }
}

/** What each says of itself, all asked at once; one that is late takes its own patience and no more. */
export const askPages = (pages: Readonly<Record<string, string>>, http: HttpReader, clock: Clock): Promise<readonly ProviderPage[]> =>
  Promise.all(
    Object.entries(pages).map(async ([name, url]) => {
      const found = await atMost(clock, pagePatience, answer(http.json(url)))
      if (!found?.answered) return { name, url, said: undefined, because: 'its status page does not answer' }
      const said = saidBy(found.value)
      return { name, url, said, because: said === undefined ? 'it answers in no form that is known' : undefined }
    }),
  )
