import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'

/** What DNS has of a sender's domain, as it stands there. */
export interface SenderRecords {
  readonly domain: string
  readonly exchanges: Answer<readonly string[]>
  /** Those that begin with v=spf1. */
  readonly spf: Answer<readonly string[]>
  /** Those that begin with v=DMARC1, and the name that has them. */
  readonly dmarc: Answer<{ readonly at: string; readonly records: readonly string[] }>
  /** By selector. */
  readonly dkim: ReadonlyMap<string, Answer<readonly string[]>>
}

type Texts = Readers<'mail'>['mail']['texts']

/** Asks for all of them at once. */
export const askSender = async ({ mail }: Readers<'mail'>, domain: string, selectors: readonly string[]): Promise<SenderRecords> => {
  const [exchanges, spf, dmarc, ...dkim] = await Promise.all([
    answer(mail.exchanges(domain)),
    answer(beginning(mail.texts(domain), /^v=spf1(?: |$)/i)),
    answer(dmarcOf(mail.texts, domain)),
    ...selectors.map(async (selector) => [selector, await answer(mail.texts(`${selector}._domainkey.${domain}`))] as const),
  ])
  return { domain, exchanges, spf, dmarc, dkim: new Map(dkim) }
}

const beginning = async (texts: Promise<readonly string[]>, start: RegExp): Promise<readonly string[]> =>
  (await texts).filter((text) => start.test(text))

/** Receivers who find none at the domain itself look at the one above it, down to a name of two parts. */
const dmarcOf = async (texts: Texts, domain: string): Promise<{ readonly at: string; readonly records: readonly string[] }> => {
  const records = await beginning(texts(`_dmarc.${domain}`), /^v=DMARC1\s*(?:;|$)/i)
  const above = domain.split('.').slice(1).join('.')
  return records.length > 0 || !above.includes('.') ? { at: domain, records } : dmarcOf(texts, above)
}

/** One tag of a DKIM or DMARC record: `p` of `v=DMARC1; p=none`. */
export const tagOf = (record: string, tag: string): string | undefined =>
  record
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.toLowerCase().startsWith(`${tag}=`))
    ?.slice(tag.length + 1)
    .trim()

/** How the last word of an SPF record treats whoever it does not name. */
export const restOf = (record: string): string =>
  /(?:^|\s)([-~?+]?all)\s*$/i.exec(record)?.[1]?.toLowerCase() ?? (/\sredirect=/i.test(record) ? 'redirect' : 'none')
