import { type Duration, seconds } from '../../clock.ts'
import { patienceOf } from '../../patience.ts'
import type { RedisConnection } from './connection.ts'
import { LookTooLong, redisTrouble } from './trouble.ts'

/** For everything that a look asks, and the way there. */
const lookLimit = seconds(9)
/** Answered so soon, it was not waited for: the way leads over the Internet and a port-forward. */
const quick: Duration = 250
/** What a pass over the keys leaves of it to the questions that come after. */
export const leftByPass = seconds(4)

/** The same connections, for one look: all that it waits for, over whichever of them, is limited together. */
export const patientlyFor = (where: string, limit: Duration = lookLimit): ((connection: RedisConnection) => RedisConnection) => {
  const patience = patienceOf(limit, quick)
  return (connection) => {
    const within = <T>(work: () => Promise<T>): Promise<T> =>
      patience.wait(work, {
        ended: () => redisTrouble(new LookTooLong(limit), where),
        drop: () => void connection.close(),
      })
    return {
      ...connection,
      use: (operation, most) => within(() => connection.use(operation, most)),
      where: () => within(connection.where),
      open: () => within(connection.open),
      left: patience.left,
    }
  }
}
