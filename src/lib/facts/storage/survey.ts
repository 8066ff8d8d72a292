import type { Environment } from '../../environment/schema.ts'
import type { LifecycleRule, Listing, RoundTrip, Unfinished } from '../../systems/storage/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'

/** What one bucket says, question by question: a key that may not do one may do the others. */
export interface StorageSurvey {
  /** In words; undefined where the configuration has a key. */
  readonly lacking: string | undefined
  readonly clock: Answer<{ readonly offsetMs: number; readonly withinMs: number }>
  /** Undefined where they were not asked: without a key. */
  readonly questions:
    | {
        readonly list: Answer<Listing>
        readonly lifecycle: Answer<readonly LifecycleRule[]>
        readonly unfinished: Answer<readonly Unfinished[]>
      }
    | undefined
  /** Undefined where it was not asked for. */
  readonly trip: Answer<RoundTrip> | undefined
}

/** Asks all at once. `upload`: an object of ours goes there and comes away again. */
export const surveyStorage = async (
  { storage }: Readers<'storage'>,
  { storage: { prefix } }: Pick<Environment, 'storage'>,
  upload: boolean,
): Promise<StorageSurvey> => {
  const [lacking, clock] = [await storage.lacking(), answer(storage.clock())]
  if (lacking !== undefined) return { lacking, clock: await clock, questions: undefined, trip: undefined }
  const [list, lifecycle, unfinished, trip] = await Promise.all([
    answer(storage.list(prefix)),
    answer(storage.lifecycle()),
    answer(storage.unfinished()),
    upload ? answer(storage.roundTrip(prefix)) : undefined,
  ])
  return { lacking, clock: await clock, questions: { list, lifecycle, unfinished }, trip }
}
