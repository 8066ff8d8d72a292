import type { CertificateFacts } from '../../certificates.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { Answer } from '../../facts/answer.ts'
import { daysLeft, expiry } from '../../facts/cert/days.ts'
import { restOf, type SenderRecords, tagOf } from '../../facts/mail/sender.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { Submission } from '../../systems/mail/types.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

/** What mail:status is about. */
export interface MailStatus {
  readonly host: string
  readonly user: string | undefined
  readonly submission: Answer<Submission>
  /** Of the submission server; undefined where there is no answer of it. */
  readonly certificate: CertificateFacts | undefined
  /** Undefined where nobody said which domain. */
  readonly sender: SenderRecords | undefined
  /** Settings that are missing, with what is not looked at for that. */
  readonly lacking: readonly { readonly setting: string; readonly so: string }[]
}

/** Fastmail and others renew theirs a month before. */
const soon = 14

/** What is wrong: that no mail leaves first, then what makes receivers refuse it. */
export const mailFindings = (status: MailStatus, now: Date): readonly Observation[] => {
  const all = [
    ...ofSubmission(status),
    ...ofCertificate(status, now),
    ...(status.sender ? ofSender(status.sender) : []),
    ...status.lacking.map(({ setting, so }) => warning(`${setting} is not in the configuration: ${so}`, 'honeydue config:explain')),
  ]
  return worstFirst(all)
}

const ofSubmission = ({ host, user, submission }: MailStatus): readonly Observation[] => {
  if (!submission.answered) return [wrong(`No mail can be handed over: ${reasonOf(submission.error)}`, nextOf(submission.error))]
  const { login, mechanisms } = submission.value
  switch (login.is) {
    case 'accepted':
      return []
    case 'refused':
      return [
        wrong(
          `${host} refuses the live password of ${user} (${login.code}: ${login.words}). Fastmail takes an app password, and none other`,
          'honeydue secrets:status',
        ),
      ]
    case 'put off':
      return [
        warning(
          `${host} does not answer a login now (${login.code}: ${login.words}), which says nothing of the password`,
          'honeydue mail:status',
        ),
      ]
    case 'not offered':
      return [
        wrong(`${host} offers no login with a password after TLS (${mechanisms.join(', ') || 'none at all'}): no mail can be handed over`),
      ]
    case 'not tried':
      return user === undefined
        ? []
        : [
            warning(
              `Whether the live password is accepted is not known: ${login.because}`,
              login.unread ? 'honeydue doctor' : 'honeydue secrets:status',
            ),
          ]
  }
}

const ofCertificate = ({ host, certificate }: MailStatus, now: Date): readonly Observation[] =>
  certificate === undefined || daysLeft(certificate, now) >= soon
    ? []
    : [warning(`The certificate of ${host} ${expiry(certificate, now)}: whoever runs it has not renewed it`)]

const ofSender = ({ domain, exchanges, spf, dmarc, dkim }: SenderRecords): readonly Observation[] => {
  const errors = [exchanges, spf, dmarc, ...dkim.values()].flatMap((one) => (one.answered ? [] : [one.error]))
  const [first] = errors
  return [
    ...(first === undefined
      ? []
      : [
          warning(
            `Not all that receivers look at is known (${errors.length} of ${3 + dkim.size} questions): ${reasonOf(first)}`,
            nextOf(first),
          ),
        ]),
    ...(spf.answered ? ofSpf(domain, spf.value) : []),
    ...[...dkim].flatMap(([selector, keys]) => (keys.answered ? ofDkim(`${selector}._domainkey.${domain}`, keys.value) : [])),
    ...(dmarc.answered ? ofDmarc(domain, dmarc.value) : []),
    ...(exchanges.answered ? ofExchanges(domain, exchanges.value) : []),
  ]
}

const ofSpf = (domain: string, records: readonly string[]): readonly Observation[] => {
  const next = sh`dig TXT ${domain}`
  const [only, ...more] = records
  if (only === undefined) return [wrong(`${domain} has no SPF record: receivers do not know who may send for it`, next)]
  if (more.length > 0) return [wrong(`${domain} has ${records.length} SPF records, and receivers take none of several`, next)]
  const rest = restOf(only)
  if (rest === '+all' || rest === 'all') return [wrong(`The SPF record of ${domain} lets everybody send for it (${rest})`, next)]
  return rest === 'none' || rest === '?all'
    ? [warning(`The SPF record of ${domain} says nothing of whom it does not name (${rest === 'none' ? 'no all' : rest})`, next)]
    : []
}

const ofDkim = (name: string, records: readonly string[]): readonly Observation[] => {
  const keys = records.filter((one) => tagOf(one, 'p') !== undefined)
  if (keys.length === 0) return [wrong(`${name} has no DKIM key: what is signed with it counts as unsigned`, sh`dig TXT ${name}`)]
  return keys.some((one) => tagOf(one, 'p') !== '') ? [] : [wrong(`The DKIM key at ${name} was revoked (p= is empty)`, sh`dig TXT ${name}`)]
}

const ofDmarc = (domain: string, { records }: { readonly records: readonly string[] }): readonly Observation[] => {
  const next = sh`dig TXT ${`_dmarc.${domain}`}`
  const [only, ...more] = records
  if (only === undefined) return [warning(`${domain} has no DMARC record: large receivers want one`, next)]
  if (more.length > 0) return [warning(`${domain} has ${records.length} DMARC records, and receivers take none of several`, next)]
  return tagOf(only, 'p') === undefined ? [warning(`The DMARC record of ${domain} has no policy (p=)`, next)] : []
}

/** One that is "." alone says that it takes none, and is no fault of DNS. */
const ofExchanges = (domain: string, hosts: readonly string[]): readonly Observation[] =>
  hosts.some((host) => host !== '' && host !== '.')
    ? []
    : [
        wrong(
          `${domain} takes no mail (no MX): answers and bounces are lost, and receivers may refuse what comes from it`,
          sh`dig MX ${domain}`,
        ),
      ]
