import { randomUUID } from 'node:crypto'
import { minutes } from '../../clock.ts'
import { Usage } from '../../errors.ts'
import { optionalText, text } from '../../plan/choice.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import type { Handed, Submission } from '../../systems/mail/types.ts'

/** Letters, digits and the signs of an atom: nothing that could begin another line or another command. */
const address =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$/
const refuse = (value: string): string | undefined =>
  address.test(value) && value.length <= 254 ? undefined : `"${value}" is no address such as somebody@example.com`

export interface TestFacts {
  readonly host: string
  readonly from: string
  readonly to: string
  /** Whose records receivers look at, where the configuration says it. */
  readonly domain: string | undefined
  readonly id: string
  /** What was handed over so far. */
  readonly handed: readonly Handed[]
}

/** Hands one message over as the application does, on purpose and to one address. Whether it arrives, whoever has the address sees. */
export const mailTest = defineProcedure({
  id: 'mail:test',
  title: 'Send one test message over the live account',
  needs: ['mail'],
  choices: {
    to: text({ about: 'who gets it', ask: 'Who gets the message?', refuse }),
    from: optionalText({ about: 'the sender, as customers see it; without it, the account itself (mail.user)', refuse }),
  },
  // It goes out to somebody, and cannot be called back.
  risk: () => 'disruptive',
  gather: async ({ to, from }, look, { environment: { mail } }): Promise<TestFacts> => {
    const sender = from ?? mail.user
    if (sender === undefined || refuse(sender) !== undefined)
      throw new Usage({
        code: 'mail-no-sender',
        failed: sender === undefined ? 'Nobody said who sends it' : `mail.user (${sender}) is no address, and --from was not given`,
        cause: 'The book names neither the login nor the sender',
        next: 'honeydue config:explain',
      })
    const [, host = ''] = sender.split('@')
    return {
      host: mail.host,
      from: sender,
      to,
      domain: mail.domain,
      id: `honeydue-${randomUUID()}@${host}`,
      handed: await look.mail.handed(),
    }
  },
  subject: ({ to }) => to,
  target: ({ host, from }) => [`${host}, as ${from}`],
  beyond: ({ from, domain }) => [
    'That the server takes it is seen; whether it arrives, and not among spam, only its receiver sees',
    ...(domain === undefined || from.toLowerCase().endsWith(`@${domain}`)
      ? []
      : [`${from} is not of ${domain}: receivers judge it by another domain than what customers get`]),
  ],
  came: (before, after) =>
    after.handed.slice(before.handed.length).flatMap(({ id, words }) => [`Message-ID <${id}>`, `${after.host} says: ${words}`]),
  steps: (facts) => [send(facts)],
})

const send = ({ host, from, to, id }: TestFacts): Change<'mail'> => ({
  title: short(`Send a test message to ${to}`),
  effect: [{ what: `message from ${from} to ${to}`, before: 'none', after: 'handed over' }],
  unknown: 'whether the server takes this sender and this receiver is known only by trying',
  check: async ({ mail }) => loggedIn(host, await mail.submission()),
  apply: (write) => write.mail.sendTest({ from, to, id }),
  // SMTP cannot be asked for it afterwards: that the server said yes is what counts.
  verify: async ({ mail }) =>
    when(
      (await mail.handed()).some((one) => one.to === to && one.from === from),
      `${host} has taken no message to ${to}`,
    ),
  within: minutes(1),
  undo: { impossible: 'what a mail server has taken cannot be called back' },
})

/** The login is tried before anything is sent. */
const loggedIn = (host: string, { login }: Submission): Finding => {
  switch (login.is) {
    case 'accepted':
      return holds
    case 'refused':
    case 'put off':
      return fails(`${host} answers ${login.code} to the login: ${login.words}`, 'honeydue mail:status')
    case 'not offered':
      return fails(`${host} offers no login with a password after TLS`, 'honeydue mail:status')
    case 'not tried':
      return fails(`no login was tried: ${login.because}`, login.unread ? 'honeydue doctor' : 'honeydue config:explain')
  }
}

const short = (title: string): string => (title.length <= 60 ? title : `${title.slice(0, 59)}…`)
