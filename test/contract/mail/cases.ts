import { once } from 'node:events'
import { connect } from 'node:net'
import { Trouble } from '../../../src/lib/errors.ts'
import { mailHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { mailSystem } from '../../../src/lib/systems/mail/mail.ts'
import type { ContractCase } from '../contract.ts'
import { login, type MailWorld, nobody } from './world.ts'

type Case = ContractCase<MailWorld>
type At = Pick<MailWorld, 'hostaddr'> & { readonly caFile?: string }

const system = ({ hostaddr, caFile }: At, { user, password }: { readonly user: string; readonly password: string } = login) =>
  mailSystem({
    host: mailHost,
    port: 587,
    hostaddr,
    ...(caFile !== undefined && { caFile }),
    user,
    password: async () => new Secret(password),
    timeout: 3000,
  })

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'no trouble',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

const loginOf = async (world: At, as: { readonly user: string; readonly password: string }) => {
  const { login: outcome } = await system(world, as).read.submission()
  return outcome.is === 'refused' ? `${outcome.is} ${outcome.code}` : outcome.is
}

/** What is answered to these lines without TLS, by the first digit of each. */
const inClear = async ({ port }: MailWorld, lines: readonly string[]): Promise<readonly string[]> => {
  const socket = connect({ host: '127.0.0.1', port })
  const answer = async (): Promise<string> => {
    for (let text = ''; ; ) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      text += chunk.toString()
      if (/^\d{3}(?: .*)?\r\n$/m.test(text)) return text
    }
  }
  const said: string[] = [await answer()]
  for (const line of lines) {
    socket.write(`${line}\r\n`)
    said.push(await answer())
  }
  socket.destroy()
  return said
}

const message = { from: login.user, to: 'somebody@example.com', id: 'one@mail.invalid' }

/** What the CLI relies on of a submission server. */
export const mailCases: readonly Case[] = [
  { name: 'the right password over TLS is accepted', expected: 'accepted', give: (world) => loginOf(world, login) },
  {
    name: 'a wrong password, and a user that is not there, are refused with 535',
    expected: ['refused 535', 'refused 535'],
    give: (world) =>
      Promise.all([loginOf(world, { ...login, password: 'another' }), loginOf(world, { ...login, user: 'other@mail.invalid' })]),
  },
  {
    name: 'PLAIN is offered after TLS, and what was spoken is TLS 1.2 or newer',
    expected: [true, true],
    give: async (world) => {
      const { mechanisms, protocol } = await system(world).read.submission()
      return [mechanisms.includes('PLAIN'), /^TLSv1\.[23]$/.test(protocol)]
    },
  },
  {
    name: 'before TLS it offers STARTTLS and no login, and takes none',
    expected: { offersTls: true, offersLogin: false, login: '5' },
    give: async (world) => {
      const [, offers = '', refusal = ''] = await inClear(world, ['EHLO [127.0.0.1]', 'AUTH PLAIN AGEAYg=='])
      return { offersTls: /^250[ -]STARTTLS\r$/m.test(offers), offersLogin: /^250[ -]AUTH/m.test(offers), login: refusal[0] }
    },
  },
  {
    name: 'a certificate that no known authority signed',
    expected: 'mail-tls',
    give: ({ hostaddr }) => codeOf(system({ hostaddr }).read.submission()),
  },
  {
    name: 'nothing listens',
    expected: 'mail-unreachable',
    give: ({ caFile }) => codeOf(system({ caFile, hostaddr: { [mailHost]: '127.0.0.1:1' } }).read.submission()),
  },
  {
    name: 'it accepts the connection and does not answer',
    expected: 'mail-silent',
    give: async (world) => {
      await world.silent()
      return codeOf(system(world).read.submission())
    },
  },
  {
    name: 'asking how it is sends nothing',
    expected: [],
    give: async (world) => {
      await system(world).read.submission()
      return world.kept()
    },
  },
  {
    name: 'a test message is taken once, as it was said, and the server has a word for it',
    expected: { kept: [{ from: message.from, to: [message.to], id: message.id }], said: true },
    give: async (world) => {
      const { write, read } = system(world)
      await write.sendTest(message)
      const [handed] = await read.handed()
      return { kept: await world.kept(), said: (handed?.words ?? '') !== '' }
    },
  },
  {
    name: 'a receiver whom it refuses is told as refused, and nothing is kept',
    expected: { code: 'mail-refused', kept: [], handed: [] },
    give: async (world) => {
      await world.refusing()
      const { write, read } = system(world)
      return { code: await codeOf(write.sendTest({ ...message, to: nobody })), kept: await world.kept(), handed: await read.handed() }
    },
  },
  {
    name: 'without the right password nothing is handed over',
    expected: { code: 'mail-no-login', kept: [] },
    give: async (world) => ({
      code: await codeOf(system(world, { ...login, password: 'another' }).write.sendTest(message)),
      kept: await world.kept(),
    }),
  },
]
