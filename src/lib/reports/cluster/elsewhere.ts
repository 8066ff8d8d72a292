import { atMost, seconds } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { databasesThere } from '../../facts/db/databases.ts'
import type { Context } from '../../plan/context.ts'
import type { JobScheduler } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'

/** The cluster's own state waits no longer for what others say. */
const patience = seconds(6)

interface Elsewhere {
  readonly known: { readonly schedulers: readonly JobScheduler[] | undefined; readonly databases: readonly string[] | undefined }
  /** A line each. */
  readonly notKnown: readonly string[]
}

/** What the deployment's own rules need of Redis and of PostgreSQL. Never throws: what does not answer is another report's trouble. */
export const askElsewhere = async (
  { redis, postgres }: Readers<'redis' | 'postgres'>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<Elsewhere> => {
  const [schedulers, databases] = await Promise.all([
    atMost(clock, patience, answer(redis.schedulers())),
    atMost(clock, patience, answer(databasesThere(postgres, environment))),
  ])
  return {
    known: { schedulers: said(schedulers), databases: said(databases) },
    notKnown: [...whyNot('Which schedulers live', schedulers), ...whyNot('Which databases there are', databases)],
  }
}

const said = <T>(found: Answer<T> | undefined): T | undefined => (found?.answered ? found.value : undefined)

const whyNot = (what: string, found: Answer<unknown> | undefined): readonly string[] => {
  if (found?.answered && found.value !== undefined) return []
  const because =
    found === undefined ? `no answer within ${patience / 1000} s` : found.answered ? 'Redis refuses to say' : reasonOf(found.error)
  return [`${what} is not known: ${because}`]
}
