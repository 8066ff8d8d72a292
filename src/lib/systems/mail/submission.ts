import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as secure, type TLSSocket } from 'node:tls'
import type { Duration } from '../../clock.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { type Trust, trusting } from '../https.ts'
import { placeOf } from '../place.ts'
import { dialogue, type Reply } from './dialogue.ts'
import { noTls, notSmtp, type Server, turnedAway, unanswered } from './trouble.ts'
import type { Login, Submission } from './types.ts'

export interface SubmissionOptions extends Trust, Server {
  /** Who logs in; undefined where nobody has said. */
  readonly user?: string | undefined
  readonly password: () => Promise<Secret | undefined>
  /** For the whole talk, without what looking up the password takes. */
  readonly timeout: Duration
  readonly signal?: AbortSignal | undefined
}

/** A talk with the server after the login was tried. */
export interface Talk extends Submission {
  readonly say: (command: string) => Promise<Reply>
}

/** As far as a login, and no further. */
export const askSubmission = (options: SubmissionOptions): Promise<Submission> =>
  overSubmission(options, async ({ say, ...submission }) => submission)

/**
 * Connects, takes STARTTLS, verifies the server, and logs in: seen as done only where 235 came. A library's own check says yes as well where a
 * server offers no login at all, and sends the password in the clear where it offers no TLS. `use` goes on from there.
 */
export const overSubmission = async <T>(options: SubmissionOptions, use: (talk: Talk) => Promise<T>): Promise<T> => {
  const { host, port, hostaddr, timeout, signal } = options
  signal?.throwIfAborted()
  // Looked up while the server says who it is. Its own time stands still while the cluster is waited for: a cluster that is away is no mail server that is.
  const looked = credentialsOf(options)
  const limit = new AbortController()
  const clock = () => setTimeout(() => limit.abort(), timeout)
  let running = clock()
  const login = async () => {
    clearTimeout(running)
    try {
      return await looked
    } finally {
      running = clock()
    }
  }
  const until = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal
  const place = placeOf(host, port, hostaddr)
  const open = connect({ host: place.host, port: place.port })
  const stop = () => open.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
  until.addEventListener('abort', stop, { once: true })
  try {
    return await talk({ open, options, login, until }, use)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Trouble) throw error
    throw unanswered(limit.signal.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, options, timeout)
  } finally {
    clearTimeout(running)
    until.removeEventListener('abort', stop)
    open.on('error', () => {}).destroy()
  }
}

type Credentials = { readonly user: string; readonly password: Secret } | { readonly because: string; readonly unread?: true }

/** Never rejects: what the cluster does not say is no fault of the mail server. */
const credentialsOf = async ({ user, password }: SubmissionOptions): Promise<Credentials> => {
  if (user === undefined) return { because: 'mail.user is not in the configuration' }
  try {
    const found = await password()
    return found === undefined ? { because: 'the Secret has no password for it' } : { user, password: found }
  } catch (error) {
    return { because: reasonOf(error), unread: true }
  }
}

interface Opened {
  readonly open: Socket
  readonly options: SubmissionOptions
  readonly login: () => Promise<Credentials>
  readonly until: AbortSignal
}

const talk = async <T>({ open, options, login, until }: Opened, use: (talk: Talk) => Promise<T>): Promise<T> => {
  // An address in the place of a name: how this machine is called is nobody's business.
  const hello = 'EHLO [127.0.0.1]'
  const plain = dialogue(open, options)
  const expect = async (to: string, said: Promise<Reply>, code: number): Promise<Reply> => {
    const reply = await said
    if (reply.code !== code) throw turnedAway(options, to, reply)
    return reply
  }
  const greeting = await expect('the connection', plain.reply(), 220)
  const offers = await expect('EHLO', plain.say(hello), 250)
  if (!offers.lines.some((line) => /^STARTTLS\b/i.test(line))) throw noTls(options)
  await expect('STARTTLS', plain.say('STARTTLS'), 220)
  // What came before the handshake was put there by somebody between.
  if (!plain.release()) throw notSmtp(options, 'it says more before the handshake than it was asked')
  const over = await handshake(open, options, until)
  const encrypted = dialogue(over, options)
  const now = await expect('EHLO after TLS', encrypted.say(hello), 250)
  const mechanisms = now.lines.flatMap((line) => (/^AUTH[ =]/i.test(line) ? line.slice(5).toUpperCase().split(/\s+/) : []))
  const [der, protocol] = [over.getPeerCertificate().raw.toString('base64'), over.getProtocol() ?? '']
  const outcome = await logIn(encrypted.say, mechanisms, await login())
  const done = await use({
    say: encrypted.say,
    greeting: greeting.words,
    certificate: `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    protocol,
    mechanisms,
    login: outcome,
  })
  // It may hang up before it says goodbye; what was asked is known by then.
  await encrypted.say('QUIT').catch(() => {})
  over.destroy()
  return done
}

const handshake = async (socket: Socket, { host, caFile }: SubmissionOptions, signal: AbortSignal): Promise<TLSSocket> => {
  const own = caFile === undefined ? {} : { secureContext: await trusting(caFile) }
  const over = secure({ socket, servername: host, rejectUnauthorized: true, ...own })
  // What comes after somebody has given up waiting for it is heard by nobody, and would end the process.
  over.on('error', () => {})
  await once(over, 'secureConnect', { signal })
  return over
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** PLAIN, or LOGIN where that is all there is; only ever over the verified connection. */
const logIn = async (say: (command: string) => Promise<Reply>, mechanisms: readonly string[], login: Credentials): Promise<Login> => {
  if ('because' in login) return { is: 'not tried', because: login.because, ...(login.unread && { unread: true }) }
  const { user, password } = login
  const reply = await (mechanisms.includes('PLAIN')
    ? say(`AUTH PLAIN ${base64(`\0${user}\0${password.reveal()}`)}`)
    : mechanisms.includes('LOGIN')
      ? inTurn(say, ['AUTH LOGIN', base64(user), base64(password.reveal())])
      : undefined)
  if (reply === undefined) return { is: 'not offered' }
  if (reply.code === 235) return { is: 'accepted' }
  return { is: reply.code < 500 ? 'put off' : 'refused', code: reply.code, words: reply.words }
}

/** Each is said once the server asks for the next. */
const inTurn = async (say: (command: string) => Promise<Reply>, [first = '', ...rest]: readonly string[]): Promise<Reply> => {
  const reply = await say(first)
  return rest.length === 0 || reply.code !== 334 ? reply : inTurn(say, rest)
}
