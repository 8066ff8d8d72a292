import { type Clock, type Duration, seconds } from '../../clock.ts'
import { type Answer, type Asked, call } from './call.ts'
import type { Connected } from './connected.ts'
import { connectionTrouble } from './trouble.ts'

/** One that has not answered by then is raced by the others, and by a second connection to itself: a new connection over 0.8 s there and back has. */
const raceAfter = seconds(2)
/** So long may one question take, whoever answers it. */
const answerWithin = seconds(8)
/** And so long while nobody has answered the last one: what is known then must not wait for every question anew. */
const mutedWithin = seconds(2.5)
/** A write is put to one server, once. */
const writeWithin = seconds(10)

const apiPort = 6443

interface Options {
  readonly controlPlane: readonly string[]
  readonly clock: Clock
  readonly signal?: AbortSignal
  readonly timeout?: Duration
}

/** The kubeconfig's server, and the control-plane nodes that are asked where it does not answer. */
export const serversOf = ({ loaded }: Pick<Connected, 'loaded'>, controlPlane: readonly string[]): readonly string[] => {
  const { server } = loaded
  // Through a proxy, or by plain HTTP, a server is reached that others do not stand beside.
  if (server.startsWith('http:') || loaded.cluster['proxy-url']) return [server]
  const { hostname, port } = new URL(server)
  const beside = controlPlane.map((address) => `https://${address}:${controlPlane.includes(hostname) && port ? port : apiPort}`)
  return [server, ...beside.filter((one) => one !== server)]
}

/** Puts questions to whoever answers: first the one that answered last. */
export const servers = (connect: () => Promise<Connected>, { controlPlane, clock, signal, timeout }: Options) => {
  let answering: string | undefined
  let muted = false
  const stop = signal ? [signal] : []

  const read = async (asked: Asked, connected: Connected): Promise<Answer> => {
    const all = serversOf(connected, controlPlane)
    const first = answering ?? all[0] ?? ''
    const within = timeout ?? (muted ? mutedWithin : answerWithin)
    const race = new AbortController()
    const put = (server: string, limit: Duration) => call(server, asked, connected, limit, [...stop, race.signal])
    const began = clock.now().getTime()
    const attempt = put(first, within)
    try {
      return await soon(clock, attempt, Math.min(raceAfter, within / 2), race.signal)
    } catch (error) {
      if (signal?.aborted) throw error
      const left = within - (clock.now().getTime() - began)
      const beside = all.filter((one) => one !== first)
      // One connection may be stalled alone: its server is asked anew beside the others.
      const others = error === late ? [first, ...beside] : beside
      const attempts = [attempt, ...others.map((server) => put(server, Math.max(left, within / 2)))]
      return await Promise.any(attempts).catch(() => attempt)
    } finally {
      race.abort()
    }
  }

  const ask = async (asked: Asked): Promise<Answer> => {
    const connected = await connect()
    const [first = ''] = serversOf(connected, controlPlane)
    try {
      const answer =
        asked.method === 'GET'
          ? await read(asked, connected)
          : await call(answering ?? first, asked, connected, timeout ?? writeWithin, stop)
      answering = answer.server
      muted = false
      return answer
    } catch (error) {
      muted = true
      throw connectionTrouble(error, answering ?? first)
    }
  }
  return {
    ask,
    /** The one that answered last, if any has. */
    answering: () => answering,
  }
}

const late = new Error('late')

/** What the attempt comes to, or `late` where it has come to nothing by then. */
const soon = async (clock: Clock, attempt: Promise<Answer>, by: Duration, over: AbortSignal): Promise<Answer> => {
  const ended = new AbortController()
  attempt.catch(() => {})
  const waiting = clock.sleep(by, AbortSignal.any([over, ended.signal])).then(() => {
    throw late
  })
  waiting.catch(() => {})
  try {
    return await Promise.race([attempt, waiting])
  } finally {
    ended.abort()
  }
}
