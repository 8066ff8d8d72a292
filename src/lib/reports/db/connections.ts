import { type Activity, gatherActivity, type Via, wakes } from '../../facts/db/activity.ts'
import { defineReport, type Observation } from '../../plan/report.ts'

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
export const connectionFindings = ({ sessions, maxConnections }: Activity): readonly Observation[] => {
  const share = Math.round((sessions.length / maxConnections) * 100)
  const full: Observation[] =
    share >= 80 ? [{ level: 'wrong', text: `${sessions.length} of ${maxConnections} connections are open (${share} %)` }] : []
  const idle = sessions
    .filter(({ state, stateAge }) => state.startsWith('idle in transaction') && stateAge >= idleLimit)
    .map(
      ({ pid, application, stateAge }): Observation => ({
        level: 'wrong',
        text: `${pid} (${application || 'no name'}) has been idle in a transaction for ${Math.round(stateAge)} s`,
        next: `honeydue db:unlock --pid ${pid}`,
      }),
    )
  return [...full, ...idle]
}

/** Who is connected, through which endpoint, against the server's limit. */
export const connections = defineReport({
  id: 'db:connections',
  title: 'Connections of the database by application and endpoint',
  needs: ['postgres'],
  choices: {},
  look: async (_input, look) => {
    const activity = await gatherActivity(look.postgres)
    const groups = connectionGroups(activity)
    const minutes = (seconds: number): string => `${Math.round(seconds / 60)} min`
    return {
      findings: connectionFindings(activity),
      tables: [
        {
          title: `${activity.sessions.length} of ${activity.maxConnections} connections`,
          columns: ['application', 'through', 'open', 'active', 'idle in transaction', 'oldest'],
          rows: groups.map((group) => [
            group.application || 'no name',
            group.via,
            String(group.count),
            String(group.active),
            String(group.idleInTransaction),
            minutes(group.oldest),
          ]),
        },
      ],
      notes: [
        ...(activity.told
          ? []
          : ["Which connections are the pooler's cannot be told: it does not answer, or comes from the address of direct clients"]),
        wakes,
      ],
      data: { host: activity.host, limit: activity.maxConnections, groups },
    }
  },
})
