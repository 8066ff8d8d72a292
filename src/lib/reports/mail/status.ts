import { readCertificate } from '../../certificates.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { expiry } from '../../facts/cert/days.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { askSender, type SenderRecords, tagOf } from '../../facts/mail/sender.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import type { Login } from '../../systems/mail/types.ts'
import { type MailStatus, mailFindings } from './findings.ts'

/** Whether mail leaves with the live password, and whether receivers take it for ours. No message is sent. */
export const mailStatus = defineReport({
  id: 'mail:status',
  title: 'Show whether mail can be sent, and what receivers look at',
  needs: ['mail'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const { mail } = environment
    const [submission, sender] = await Promise.all([
      answer(look.mail.submission()),
      mail.domain === undefined ? undefined : askSender(look, mail.domain, mail.dkim ?? []),
    ])
    const status: MailStatus = {
      host: mail.host,
      user: mail.user,
      submission,
      certificate: submission.answered ? readCertificate(submission.value.certificate) : undefined,
      sender,
      lacking: [
        ...(mail.user === undefined ? [{ setting: 'mail.user', so: 'no login is tried' }] : []),
        ...(mail.domain === undefined ? [{ setting: 'mail.domain', so: 'no record of the sender is looked at' }] : []),
        ...(mail.domain !== undefined && mail.dkim === undefined ? [{ setting: 'mail.dkim', so: 'no key of DKIM is looked at' }] : []),
      ],
    }
    const now = clock.now()
    return {
      findings: mailFindings(status, now),
      tables: [serverTable(status, `${mail.host}:${mail.port}`, now), ...(sender ? [senderTable(sender)] : [])],
      notes: ['No message was sent, and none is'],
      unreachable: !submission.answered && (sender === undefined || answersOf(sender).every(({ answered }) => !answered)),
      data: dataOf(status),
    }
  },
})

const answersOf = ({ exchanges, spf, dmarc, dkim }: SenderRecords): readonly Answer<unknown>[] => [exchanges, spf, dmarc, ...dkim.values()]

const serverTable = ({ submission, certificate, user = 'nobody' }: MailStatus, place: string, now: Date): Table => ({
  title: 'Submission',
  columns: ['', ''],
  rows: [
    ['server', place],
    ...(submission.answered
      ? [
          ['greeting', clipped(submission.value.greeting, 60)],
          ['STARTTLS', submission.value.protocol],
          ['certificate', certificate ? `${clipped(certificate.names.join(', '), 40)}, ${expiry(certificate, now)}` : '?'],
          ['offers', submission.value.mechanisms.join(' ')],
          [`login as ${user}`, loginOf(submission.value.login)],
        ]
      : [['answer', 'NONE']]),
  ],
})

const loginOf = (login: Login): string =>
  login.is === 'refused' || login.is === 'put off'
    ? `${login.is.toUpperCase()} (${login.code})`
    : login.is === 'not offered'
      ? 'NOT OFFERED'
      : login.is

const senderTable = ({ domain, exchanges, spf, dmarc, dkim }: SenderRecords): Table => {
  const cell = <T>(given: Answer<T>, said: (value: T) => string): string =>
    given.answered ? clipped(said(given.value), 60) || 'none' : '?'
  return {
    title: `What receivers look at: ${domain}`,
    columns: ['record', 'is'],
    rows: [
      ['MX', cell(exchanges, (hosts) => hosts.join(', '))],
      ['SPF', cell(spf, (records) => records.join(' | '))],
      ['DMARC', cell(dmarc, ({ records }) => records.join(' | '))],
      ...[...dkim].map(([selector, keys]) => [
        `DKIM ${selector}`,
        cell(keys, (records) => records.map((one) => (tagOf(one, 'p') ? 'a key' : 'no key')).join(' | ')),
      ]),
    ],
  }
}

const dataOf = ({ host, user, submission, certificate, sender, lacking }: MailStatus) => {
  const told = <T>(given: Answer<T>) => (given.answered ? given.value : { error: reasonOf(given.error) })
  return {
    host,
    user: user ?? null,
    submission: submission.answered
      ? {
          greeting: submission.value.greeting,
          protocol: submission.value.protocol,
          mechanisms: submission.value.mechanisms,
          login: submission.value.login,
          certificate: certificate
            ? { names: certificate.names, issuer: certificate.issuer, notAfter: certificate.notAfter.toISOString() }
            : null,
        }
      : told(submission),
    sender: sender
      ? {
          domain: sender.domain,
          mx: told(sender.exchanges),
          spf: told(sender.spf),
          dmarc: told(sender.dmarc),
          dkim: Object.fromEntries([...sender.dkim].map(([selector, keys]) => [selector, told(keys)])),
        }
      : null,
    lacking: lacking.map(({ setting }) => setting),
  }
}
