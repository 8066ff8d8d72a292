import type { Duration } from '../../clock.ts'
import { type Account, Blocked, Trouble as Known, type Trouble, Unreachable } from '../../errors.ts'
import { askInPod } from '../../redis-in-pod.ts'

const longestWords = 220

/** The code that begins every error reply of Redis: WRONGPASS, NOAUTH, READONLY. */
export const replyCode = (error: unknown): string | undefined =>
  error instanceof Error && error.name === 'ReplyError' ? (/^[A-Z]+/.exec(error.message)?.[0] ?? '') : undefined

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** An operation that did not end within its time. */
export class RedisTimeout extends Error {}

/** All that one look asks was not answered within its time. */
export class LookTooLong extends Error {
  readonly within: Duration
  constructor(within: Duration) {
    super(`no answer within ${within} ms`)
    this.within = within
  }
}

/** What answers is no Redis: it began so, or wanted TLS. */
export class NotRedis extends Error {
  readonly said: string | undefined
  /** `said`: how it began; undefined: it speaks TLS. */
  constructor(said: string | undefined) {
    super('not Redis')
    this.said = said
  }
}

/** Words that came before anything was asked, or in place of every answer, and then the end. */
class TurnedAway extends Error {
  override readonly name = 'ReplyError'
}

/** How every answer of Redis begins, in either form of its protocol. */
const ofRedis = /^(?:[-+_,#!(=|]|[:$*%~>][-\d?])/

/** What stands behind a connection that was cut before it was any use, by the first that was said on it. */
export const cutBy = (said: string): Error | undefined => {
  if (said === '') return undefined
  const [line = ''] = said.split(/[\r\n]/)
  if (line.startsWith('-')) return new TurnedAway(line.slice(1))
  if (ofRedis.test(said)) return undefined
  // An alert of TLS, to whoever has not begun with a handshake.
  return new NotRedis(said.startsWith('\x15\x03') ? undefined : line.slice(0, 80))
}

interface Told extends Omit<Account, 'failed'> {
  /** What stands after "Redis at …". */
  readonly is: string
  /** Our command and its connection are right, and the server will not do it. */
  readonly blocked?: true
}

/** No code of its own: `ERR`, said to whoever connects, before anything is asked. */
const noRoom = 'ERR at once'

const replies: Readonly<Record<string, Told>> = {
  WRONGPASS: {
    code: 'redis-credentials',
    is: 'refuses our password',
    cause:
      'REDIS_PASSWORD of the live Secret is not the one that Redis was started with: it was rotated without a restart, or Redis has one and the Secret has none',
    next: 'kubectl -n honeydue rollout restart deploy/redis   # if the Secret is the right one',
  },
  LOADING: {
    code: 'redis-loading',
    is: 'is still loading its data',
    cause: 'it was restarted a moment ago',
    next: 'honeydue cache:status   # again in a minute',
  },
  READONLY: {
    code: 'redis-read-only',
    is: 'is a read-only replica',
    cause: 'the connection leads to a replica, not to the primary',
    next: askInPod('role'),
    blocked: true,
  },
  [noRoom]: {
    code: 'redis-too-many-clients',
    is: 'takes no more connections',
    cause:
      'all that it allows (maxclients) are taken: more pods than usual are connected, or something opens connections and does not close them',
    next: 'honeydue deploy:status',
  },
  MASTERDOWN: {
    code: 'redis-no-primary',
    is: 'is a replica that has lost its primary',
    cause: 'the primary is down, or cannot be reached from there',
    next: askInPod('info replication'),
  },
  MISCONF: {
    code: 'redis-cannot-save',
    is: 'refuses writes',
    cause: 'its last save to the disk failed: the disk is full, or cannot be written',
    next: 'kubectl -n honeydue exec deploy/redis -- df -h /data',
    blocked: true,
  },
  OOM: {
    code: 'redis-full',
    is: 'is at its memory limit, and refuses what would grow it',
    cause: 'its policy evicts nothing, or nothing that it may evict is left',
    next: askInPod('info memory'),
    blocked: true,
  },
  BUSY: {
    code: 'redis-busy',
    is: 'is busy with a script, and answers nobody else',
    cause: 'a script runs longer than lua-time-limit',
    next: askInPod('script kill'),
  },
  NOPERM: {
    code: 'redis-not-permitted',
    is: 'does not permit us a command or a key',
    cause: 'an ACL of its user keeps it from us',
    next: askInPod('acl list'),
    blocked: true,
  },
  NOREPLICAS: {
    code: 'redis-no-replicas',
    is: 'refuses writes',
    cause: 'it takes writes only while enough replicas are connected (min-replicas-to-write), and there are too few',
    next: askInPod('info replication'),
    blocked: true,
  },
  DENIED: {
    code: 'redis-protected',
    is: 'lets in only what comes from its own machine',
    cause: 'it runs without a password, in protected mode',
    next: 'kubectl -n honeydue get deploy redis -o yaml   # how it is started',
  },
  WRONGTYPE: {
    code: 'redis-wrong-type',
    is: 'holds a key of another type than its name says',
    cause: 'something else writes that key',
    blocked: true,
  },
}

/** What went wrong with Redis, told by the server's code or the socket's, in the four parts of an error; the server's own words stand in the cause. */
export const redisTrouble = (error: unknown, where: string): Trouble => {
  if (error instanceof Known) return error
  const reply = replyCode(error)
  if (reply === 'ERR' && error instanceof TurnedAway) return refused(noRoom, error, where)
  if (error instanceof NotRedis)
    return new Unreachable(
      {
        code: 'redis-not-redis',
        failed: `What answers at ${where} is not Redis`,
        cause:
          error.said === undefined
            ? 'it speaks TLS, and we do not: Redis was started with tls-port in place of port, or another server stands there'
            : `it begins with ${JSON.stringify(error.said)}: another server stands there`,
        next: 'kubectl -n honeydue get deploy redis -o yaml   # how it is started',
      },
      { cause: error },
    )
  if (reply !== undefined) return refused(reply === 'NOAUTH' ? 'WRONGPASS' : reply, error, where)
  if (error instanceof RedisTimeout) {
    return new Unreachable(
      {
        code: 'redis-silent',
        failed: `Redis at ${where} accepted the connection and does not answer`,
        cause: 'its process is stuck or stopped, or the pod behind the port-forward is gone',
        next: 'kubectl -n honeydue get pods',
      },
      { cause: error },
    )
  }
  if (error instanceof LookTooLong) {
    return new Unreachable(
      {
        code: 'redis-slow',
        failed: `Redis at ${where} did not answer all questions within ${error.within / 1000} s`,
        cause: 'the way there is slow: it leads through the API server and a port-forward; or Redis is busy',
        next: 'kubectl -n honeydue get pods',
      },
      { cause: error },
    )
  }
  const code = systemCode(error)
  return new Unreachable(
    {
      code: 'redis-unreachable',
      failed: `Redis at ${where} cannot be reached${code ? ` (${code})` : ''}`,
      cause: 'the pod is down, or the connection was cut',
      next: 'honeydue cluster:health',
    },
    { cause: error },
  )
}

const refused = (reply: string, error: unknown, where: string): Trouble => {
  const words = error instanceof Error ? wordsOf(error) : ''
  const { is, blocked, cause, ...known }: Told = replies[reply] ?? {
    code: 'redis-refused',
    is: 'refused a command',
    next: 'honeydue cluster:health',
  }
  const account = { ...known, failed: `Redis at ${where} ${is}`, cause: [words, cause].filter(Boolean).join('; ') }
  return blocked ? new Blocked(account, { cause: error }) : new Unreachable(account, { cause: error })
}

/** Its own words, without what it repeats of ours: a password may be among it. Whole sentences of advice stay out where there are many. */
const wordsOf = ({ message }: Error): string => {
  const [own = ''] = message.trim().split(', with args beginning with:')
  if (own.length <= longestWords) return own
  const sentences = own.slice(0, own.lastIndexOf('. ', longestWords) + 1)
  return sentences || `${own.slice(0, longestWords)}…`
}
