import { reasonOf } from '../../errors.ts'
import { timeAndAge } from '../../facts/ages.ts'
import type { Answer } from '../../facts/answer.ts'
import { wakes } from '../../facts/db/activity.ts'
import { plainVersion } from '../../facts/db/migration-state.ts'
import { milliseconds } from '../../facts/nodes/quantities.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import type { EndpointFacts } from '../../systems/postgres/types.ts'
import { connectionGroups } from './connections.ts'
import { type DatabaseStatus, gatherDatabaseStatus, sourceFile } from './gather-status.ts'
import { databaseFindings } from './status-findings.ts'

/** Which endpoint the application uses, by every place that says so, and whether both can be reached from here and from each node. */
export const databaseStatus = defineReport({
  id: 'db:status',
  title: 'Show which database endpoint is in use, and whether both answer',
  needs: ['kube', 'checkout', 'postgres', 'nodes', 'neon'],
  choices: {},
  look: async (_, look, context) => {
    const status = await gatherDatabaseStatus(look, context)
    const { endpoints, fromNodes, activity, source, restore } = status
    const groups = activity.answered ? connectionGroups(activity.value) : []
    return {
      findings: databaseFindings(status, context.environment),
      tables: [
        useTable(status, context.clock.now()),
        endpointTable(endpoints),
        {
          title: 'From each node, the way there alone (TCP)',
          columns: ['node', 'pooler', 'direct'],
          rows: fromNodes.map(({ alias, to }) => [alias, ...both.map((name) => wayTo(to[name], endpoints[name]))]),
        },
        {
          title: 'Connections',
          columns: ['application', 'through', 'open', 'active'],
          rows: groups.map(({ application, via, count, active }) => [application || 'no name', via, String(count), String(active)]),
        },
        ...restoreTable(status, context.clock.now()),
      ],
      notes: [
        ...(status.inUse?.setBy ? [`DB_HOST was last set by ${status.inUse.setBy.manager}`] : []),
        `pooler  ${endpoints.pooler.host}`,
        `direct  ${endpoints.direct.host}`,
        'What a pod started with is inferred: from when it started, and when DB_HOST was last set',
        ...(restore.lacking === undefined ? [] : [`Restore points at Neon are not known: ${restore.lacking}`]),
        wakes,
      ],
      data: {
        inUse: status.inUse ?? null,
        source: source.answered ? (source.value ?? null) : { error: reasonOf(source.error) },
        endpoints: { pooler: told(endpoints.pooler), direct: told(endpoints.direct) },
        fromNodes: fromNodes.map(({ alias, to }) => ({ alias, pooler: reached(to.pooler), direct: reached(to.direct) })),
        connections: groups,
        restorePoints: toldRestore(status),
      },
    }
  },
})

const restoreTable = ({ restore }: DatabaseStatus, now: Date): readonly Table[] =>
  restore.lacking !== undefined || !restore.asked.answered
    ? []
    : [
        {
          title: 'Restore points at Neon',
          columns: ['branch', 'made', 'state'],
          rows: restore.asked.value.points.map(({ name, createdAt, state }) => [name, timeAndAge(createdAt, now), state]),
        },
      ]

const toldRestore = ({ restore }: DatabaseStatus) => {
  if (restore.lacking !== undefined) return { error: restore.lacking }
  const { asked } = restore
  return asked.answered
    ? asked.value.points.map(({ id, name, version, createdAt, state }) => ({ id, name, version: plainVersion(version), createdAt, state }))
    : { error: reasonOf(asked.error) }
}

const both = ['pooler', 'direct'] as const

/** An open port is no answer of a database: where that gives none, the way is all that is open. */
const wayTo = (one: Answer<number>, facts: EndpointFacts): string =>
  one.answered ? `${milliseconds(one.value)}${facts.reachable ? '' : ', but no answer'}` : 'no'
const reached = (one: Answer<number>) => (one.answered ? { milliseconds: one.value } : { error: reasonOf(one.error) })
const told = (facts: EndpointFacts) =>
  facts.reachable ? facts : { host: facts.host, reachable: false, error: { code: facts.trouble.code, reason: reasonOf(facts.trouble) } }

const useTable = ({ inUse, source }: DatabaseStatus, now: Date): Table => {
  const rows: (readonly string[])[] = []
  if (inUse) {
    const { setBy, endpoint, host } = inUse
    rows.push(['ConfigMap', endpoint ?? host, setBy?.at === undefined ? '' : `set ${timeAndAge(setBy.at, now)}`])
  }
  if (source.answered) for (const { endpoint, line, key } of source.value ?? []) rows.push([`${sourceFile}:${line}`, endpoint, key])
  for (const { pod, current, startedAt, own } of inUse?.consumers ?? []) {
    const has = own
      ? (own.endpoint ?? own.from)
      : current === undefined
        ? '?'
        : current
          ? (inUse?.endpoint ?? 'the same')
          : 'started before it was set'
    rows.push([pod, has, startedAt === undefined ? '' : `started ${timeAndAge(startedAt, now)}`])
  }
  return { title: 'DB_HOST', columns: ['where', 'endpoint', ''], rows }
}

const endpointTable = (endpoints: DatabaseStatus['endpoints']): Table => ({
  title: 'From here',
  columns: ['endpoint', 'connect', 'query', 'TLS', 'server', 'answers as', 'certificate until'],
  rows: (['pooler', 'direct'] as const).map((name) => {
    const facts = endpoints[name]
    if (!facts.reachable) return [name, 'no', '', '', '', '', '']
    const { connectMs, queryMs, tls, serverVersion, pooled } = facts
    const until = new Date(tls.validTo)
    return [
      name,
      milliseconds(connectMs),
      milliseconds(queryMs),
      tls.protocol,
      serverVersion.split(' ')[0] ?? '',
      pooled ? 'pooler' : 'server',
      Number.isNaN(until.getTime()) ? tls.validTo : until.toISOString().slice(0, 10),
    ]
  }),
})
