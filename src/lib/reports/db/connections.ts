import { age } from '../../age.ts'
import { Trouble } from '../../errors.ts'
import { type Activity, gatherActivity, gatherThroughPooler, type Via, wakes } from '../../facts/db/activity.ts'
import { defineReport, type Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

/** The connections of one application through one endpoint. Ages in seconds. */
export interface ConnectionGroup {
  readonly application: string
  readonly via: Via
  readonly count: number
  readonly active: number
  readonly idleInTransaction: number
  readonly oldest: number
}

/** By application and endpoint, the largest first. */
export const connectionGroups = ({ sessions }: Activity): readonly ConnectionGroup[] => {
  const groups = new Map<string, ConnectionGroup>()
  for (const { application, via, state, backendAge } of sessions) {
    const key = `${application}\0${via}`
    const so = groups.get(key) ?? { application, via, count: 0, active: 0, idleInTransaction: 0, oldest: 0 }
    groups.set(key, {
      ...so,
      count: so.count + 1,
      active: so.active + (state === 'active' ? 1 : 0),
      idleInTransaction: so.idleInTransaction + (state.startsWith('idle in transaction') ? 1 : 0),
      oldest: Math.max(so.oldest, backendAge),
    })
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || a.application.localeCompare(b.application))
}

/** A transaction that does nothing keeps its locks and its server connection; seconds. */
const idleLimit = 60

/** What is wrong with the connections, worst first. */
export const connectionFindings = ({ sessions, capacity }: Activity): readonly Observation[] => {
  const { open, max, reserved, role, database } = capacity
  const full = [
    filling('connections', open, max - reserved, reserved > 0 ? `; ${reserved} more are reserved` : ''),
    ...(role ? [filling('connections of the role', role.open, role.max)] : []),
    ...(database ? [filling('connections of the database', database.open, database.max)] : []),
  ].flat()
  const idle = sessions
    .filter(({ state, stateAge }) => state.startsWith('idle in transaction') && stateAge >= idleLimit)
    .map(
      ({ pid, application, stateAge }): Observation => ({
        level: 'wrong',
        text: `${pid} (${application || 'no name'}) has been idle in a transaction for ${Math.round(stateAge)} s`,
        next: sh`honeydue db:unlock --pid ${pid}`,
      }),
    )
  return [...full, ...idle]
}

const filling = (what: string, open: number, most: number, more = ''): readonly Observation[] => {
  const share = Math.round((open / Math.max(1, most)) * 100)
  if (share < 80) return []
  return [
    {
      level: 'wrong',
      text: `${open} of ${most} ${what} are open (${share} %)${more}`,
      next: 'honeydue cluster:health',
    },
  ]
}

/** Who is connected, through which endpoint, against the server's limit. */
export const connections = defineReport({
  id: 'db:connections',
  title: 'Show connections by application and endpoint against the limit',
  needs: ['postgres'],
  choices: {},
  look: async (_input, look) => {
    const activity = await gatherActivity(look.postgres).catch((error: unknown) => {
      if (error instanceof Trouble && error.code === 'postgres-full') return gatherThroughPooler(look.postgres, error)
      throw error
    })
    const { open, max, reserved } = activity.capacity
    const elsewhere = open - activity.sessions.length - 1
    const groups = connectionGroups(activity)
    return {
      findings: connectionFindings(activity),
      tables: [
        {
          title: `${open} of ${max - reserved} connections`,
          columns: ['application', 'through', 'open', 'active', 'idle in transaction', 'oldest'],
          rows: [
            ...groups.map((group) => [
              group.application || 'no name',
              group.via,
              String(group.count),
              String(group.active),
              String(group.idleInTransaction),
              age(group.oldest),
            ]),
            ...(elsewhere > 0 ? [['other databases', '', String(elsewhere), '', '', '']] : []),
          ],
        },
      ],
      notes: [
        `the server takes ${max}, of which ${reserved} are reserved; this look is one of those that are open`,
        ...(activity.told
          ? []
          : ["Which connections are the pooler's cannot be told: it does not answer, or comes from the address of direct clients"]),
        wakes,
      ],
      data: { host: activity.host, limit: max - reserved, capacity: activity.capacity, groups },
    }
  },
})
