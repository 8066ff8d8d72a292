import { Blocked, Trouble as Known, type Trouble, Unreachable } from '../../errors.ts'

/** The code that begins every error reply of Redis: WRONGPASS, NOAUTH, READONLY. */
const replyCode = (error: unknown): string | undefined =>
  error instanceof Error && error.name === 'ReplyError' ? /^[A-Z]+/.exec(error.message)?.[0] : undefined

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** An operation that did not end within its time. */
export class RedisTimeout extends Error {}

/** What went wrong with Redis, told by the server's code or the socket's, in the four parts of an error. */
export const redisTrouble = (error: unknown, where: string): Trouble => {
  if (error instanceof Known) return error
  const cause = { cause: error }
  switch (replyCode(error)) {
    case 'WRONGPASS':
    case 'NOAUTH':
      return new Unreachable(
        {
          code: 'redis-credentials',
          failed: `Redis at ${where} refuses our password`,
          cause:
            'REDIS_PASSWORD of the live Secret is not the one that Redis was started with: it was rotated without a restart, or Redis has one and the Secret has none',
          next: 'kubectl -n honeydue rollout restart deploy/redis   # if the Secret is the right one',
        },
        cause,
      )
    case 'LOADING':
      return new Unreachable(
        {
          code: 'redis-loading',
          failed: `Redis at ${where} is still loading its data`,
          cause: 'it was restarted a moment ago',
          next: 'honeydue cache:status   # again in a minute',
        },
        cause,
      )
    case 'READONLY':
      return new Blocked(
        {
          code: 'redis-read-only',
          failed: `Redis at ${where} is a read-only replica`,
          cause: 'the connection leads to a replica, not to the primary',
          next: 'kubectl -n honeydue get pods -o wide',
        },
        cause,
      )
    case undefined:
      break
    default:
      return new Unreachable(
        {
          code: 'redis-refused',
          failed: `Redis at ${where} refused a command: ${error instanceof Error ? error.message : ''}`,
          next: 'honeydue cache:status',
        },
        cause,
      )
  }
  if (error instanceof RedisTimeout) {
    return new Unreachable(
      {
        code: 'redis-silent',
        failed: `Redis at ${where} accepted the connection and does not answer`,
        cause: 'its process is stuck or stopped, or the pod behind the port-forward is gone',
        next: 'kubectl -n honeydue get pods',
      },
      cause,
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
    cause,
  )
}
