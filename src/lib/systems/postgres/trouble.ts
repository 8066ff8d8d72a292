import { Failed, Trouble, Unreachable } from '../../errors.ts'
import type { PostgresTarget } from './types.ts'

/** What went wrong, classified by the code of Node, OpenSSL or PostgreSQL. */
export const troubleOf = (error: unknown, target: PostgresTarget, timeout?: number): Trouble => {
  if (error instanceof Trouble) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const options = { cause: error }
  const who = `${target.user} on ${target.host}`
  const failed = `${target.host} does not answer`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Unreachable(
      {
        code: 'postgres-no-such-host',
        failed: `The name ${target.host} does not resolve`,
        cause: 'DNS does not answer, or the endpoint was deleted',
        next: 'honeydue db:status',
      },
      options,
    )
  if (code === 'ECONNREFUSED')
    return new Unreachable(
      { code: 'postgres-refused', failed, cause: `Nothing listens on its port ${target.port}`, next: 'honeydue db:status' },
      options,
    )
  if (code === 'ETIMEDOUT')
    return new Unreachable(
      {
        code: 'postgres-silent',
        failed,
        cause: `No answer within ${(timeout ?? 0) / 1000} s: the compute may be waking, or the way there is blocked`,
        next: 'honeydue db:status',
      },
      options,
    )
  if (code === '28P01' || code === '28000')
    return new Unreachable(
      {
        code: 'postgres-password',
        failed: `The server refuses ${who}`,
        cause: 'The password in the live Secret is not the one of the role',
        next: 'honeydue db:status',
      },
      options,
    )
  if (code === '08P01')
    return new Unreachable(
      {
        code: 'postgres-login-refused',
        failed: `${target.host} refuses the login of ${target.user}`,
        cause: 'A pooler says so of a wrong password and of a startup parameter that it does not know',
        next: 'honeydue db:status',
      },
      options,
    )
  if (code === '3D000')
    return new Unreachable(
      {
        code: 'postgres-no-database',
        failed: `${target.host} has no database "${target.database}"`,
        cause: 'The name is case-sensitive: honeyDue, not honeydue',
        next: 'honeydue config:explain',
      },
      options,
    )
  if (code === '53300')
    return new Unreachable(
      {
        code: 'postgres-full',
        failed: `${target.host} has no connection left`,
        cause: 'max_connections is reached',
        next: 'honeydue db:connections',
      },
      options,
    )
  if (code === '55P03')
    return new Failed(
      {
        code: 'postgres-lock-timeout',
        failed: 'A lock was not granted in time',
        cause: 'Another session holds it',
        next: 'honeydue db:locks',
      },
      options,
    )
  if (tlsCodes.test(code))
    return new Unreachable(
      {
        code: 'postgres-tls',
        failed: `The certificate of ${target.host} does not verify`,
        cause: `${code}: another server answers on that address, or its authority is not known here`,
        next: 'honeydue config:explain',
      },
      options,
    )
  if (sqlState.test(code))
    return new Failed(
      {
        code: `postgres-${code.toLowerCase()}`,
        failed: `${target.host} refused a statement`,
        cause: error instanceof Error ? error.message : code,
      },
      options,
    )
  return new Unreachable(
    {
      code: 'postgres-lost',
      failed: `The connection to ${target.host} ended`,
      cause: code || 'The server closed it',
      next: 'honeydue db:status',
    },
    options,
  )
}

const tlsCodes = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/
const sqlState = /^[0-9A-Z]{5}$/
