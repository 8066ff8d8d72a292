import { hostname } from 'node:os'
import { atMost, seconds, systemClock } from '../clock.ts'
import { endingOf, planOf } from '../journal/how-far.ts'
import { holderName } from '../journal/lease-words.ts'
import { readRuns } from '../journal/read-journal.ts'
import { isOpen } from '../journal/timeline.ts'
import type { Operators } from '../plan/context.ts'
import { stateFolder } from '../state-folder.ts'
import type { Session } from './session.ts'

/** Nobody waits longer for the lease than for a report. */
const patience = seconds(10)

/** The last run of this machine on this deployment, and who holds its lease. */
export const operatorsOf = async ({ environment, lease }: Session): Promise<Operators> => {
  const [all, asked] = await Promise.all([
    readRuns(stateFolder(process.env), hostname()),
    atMost(
      systemClock,
      patience,
      lease.read().then(
        (record) => ({ record }),
        () => undefined,
      ),
    ),
  ])
  const last = all.find((run) => planOf(run).environment === environment.name)
  const { id, subject } = last ? planOf(last) : { id: '', subject: '' }
  const record = asked?.record
  return {
    leaseKnown: asked !== undefined,
    ...(last && {
      last: { what: `${id} ${subject}`.trim(), at: last.end?.at ?? last.header.at, ending: endingOf(last), open: isOpen(last, all) },
    }),
    ...(record?.holder !== undefined && {
      holder: { who: holderName(record), doing: record.told.step ?? record.told.line?.replace(/^honeydue /, '') ?? 'not known' },
    }),
  }
}
