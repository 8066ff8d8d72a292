import type { Environment } from '../../environment/schema.ts'
import { reasonOf } from '../../errors.ts'
import type { Endpoint, InUse } from '../../facts/db/endpoint-in-use.ts'
import { key } from '../../facts/db/endpoint-in-use.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import { connectionGroups } from './connections.ts'
import { type DatabaseStatus, sourceFile } from './gather-status.ts'

const both = ['pooler', 'direct'] as const

const ofConfigMap = (inUse: InUse, { namespace, database }: Environment): readonly Observation[] => {
  const old = inUse.consumers.filter(({ current }) => current === false)
  const [first] = old
  return [
    ...(inUse.endpoint === undefined
      ? [
          {
            level: 'wrong' as const,
            text: `${key} is ${inUse.host}: neither the pooler nor the direct endpoint`,
            next: sh`kubectl -n ${namespace} get configmap ${database.configMap} -o yaml --show-managed-fields`,
          },
        ]
      : []),
    ...(first
      ? [
          {
            level: 'wrong' as const,
            text: `${old.length} of ${inUse.consumers.length} pods started before ${key} was last set, and may use another host: ${old.map(({ pod }) => pod).join(', ')}`,
            next: sh`kubectl -n ${namespace} exec ${first.pod} -- printenv ${key}`,
          },
        ]
      : []),
  ]
}

/** A workload that sets the host itself is reached by no switch, and by no deploy. */
const ofOwn = ({ consumers, endpoint, host }: InUse, { namespace }: Environment): readonly Observation[] => {
  const owners = new Map(consumers.flatMap(({ owner, own }) => (own ? [[owner, own] as const] : [])))
  return [...owners].map(([owner, own]): Observation => {
    const name = owner.replace(/^Deployment /, '')
    const differs = own.host !== undefined && own.host !== host
    return {
      level: differs ? 'wrong' : 'warning',
      text: `${owner} has ${key} from ${own.from}${own.host === undefined ? '' : ` (${own.endpoint ?? own.host})`}: the ConfigMap, which has the ${endpoint ?? host}, does not reach it`,
      next:
        owner === name
          ? sh`kubectl -n ${namespace} describe pod ${name}`
          : sh`kubectl -n ${namespace} set env ${`deploy/${name}`} ${`${key}-`}`,
    }
  })
}

/** What the server itself sees: connections of a workload that come another way than its pods started with. */
const ofConnections = ({ activity, inUse }: DatabaseStatus): readonly Observation[] => {
  if (!activity.answered || !activity.value.told || !inUse?.endpoint) return []
  // Where one of them is known to be elsewhere, that is told already.
  if (inUse.consumers.some(({ own, current }) => own || current === false)) return []
  const other = inUse.endpoint === 'pooler' ? 'direct' : 'pooler'
  const podsOf = (application: string) =>
    inUse.consumers.filter(({ owner }) => application.split(/[^a-z0-9]+/i).includes(owner.replace(/^\w+ /, ''))).length
  return connectionGroups(activity.value).flatMap(({ application, via, count }): readonly Observation[] => {
    const pods = podsOf(application)
    if (via !== other || pods === 0) return []
    const many = count === 1 ? 'connection comes' : 'connections come'
    return [
      {
        // One for each pod may be the migrations' lock, which goes past the pooler.
        level: count > pods ? 'wrong' : 'warning',
        text: `${count} ${many} from ${application} through the ${other} endpoint, though its pods started with the ${inUse.endpoint}`,
        next: 'honeydue db:connections',
      },
    ]
  })
}

const ofSource = ({ source, inUse }: DatabaseStatus, folder: string): readonly Observation[] => {
  const file = `${folder}/${sourceFile}`
  if (!source.answered) return [{ level: 'warning', text: `${file} cannot be read: ${reasonOf(source.error)}` }]
  if (source.value === undefined)
    return [
      { level: 'warning', text: `There is no ${file}: what the next deploy sets ${key} to is not known`, next: 'honeydue config:explain' },
    ]
  const named = [...new Set(source.value.map(({ endpoint }) => endpoint))]
  if (named.length !== 1)
    return [
      {
        level: 'warning',
        text: `${file} names ${named.length === 0 ? 'neither endpoint' : 'both endpoints'}: what the next deploy sets ${key} to is not known`,
      },
    ]
  const [at] = source.value
  return at && inUse && at.endpoint !== inUse.endpoint
    ? [
        {
          level: 'wrong',
          text: `The ConfigMap has the ${inUse.endpoint ?? 'host'} and ${sourceFile}:${at.line} the ${at.endpoint}: the next deploy sets ${key} back to the ${at.endpoint}`,
          next: sh`grep -n ${at.key.split('.').at(-1) ?? ''} ${file}`,
        },
      ]
    : []
}

const ofEndpoint = (name: Endpoint, status: DatabaseStatus): readonly Observation[] => {
  const { endpoints, inUse } = status
  const facts = endpoints[name]
  const used = inUse?.endpoint === name
  if (!facts.reachable) {
    return [
      {
        level: used ? 'wrong' : 'warning',
        text: `The ${name} endpoint${used ? ', which is in use,' : ''} does not answer from here: ${reasonOf(facts.trouble)}`,
        ...nextFor(name, used, status),
      },
    ]
  }
  return [
    ...(facts.pooled === (name === 'pooler')
      ? []
      : [
          {
            level: 'wrong' as const,
            text: `${facts.host} answers as ${facts.pooled ? 'a pooler' : 'the server itself'}, and is taken for the ${name} endpoint`,
          },
        ]),
    ...(facts.readOnly ? [{ level: 'wrong' as const, text: `The ${name} endpoint is read-only: every write fails` }] : []),
  ]
}

/** The way out of one dead endpoint is the other; this report is no way on, but where what it says passes by itself. */
const nextFor = (name: Endpoint, used: boolean, { endpoints }: DatabaseStatus): Pick<Observation, 'next'> => {
  const other = name === 'pooler' ? 'direct' : 'pooler'
  const facts = endpoints[name]
  if (used && endpoints[other].reachable) return { next: sh`honeydue db:switch-host --to ${other}` }
  const next = facts.reachable ? undefined : facts.trouble.next
  if (next !== undefined && (next !== 'honeydue db:status' || (!facts.reachable && facts.trouble.code === 'postgres-not-now')))
    return { next }
  return used ? { next: 'honeydue doctor' } : {}
}

const ofNodes = ({ fromNodes, inUse }: DatabaseStatus): readonly Observation[] =>
  fromNodes.flatMap(({ alias, to }) =>
    both.flatMap((name): readonly Observation[] => {
      const reached = to[name]
      return reached.answered
        ? []
        : [{ level: inUse?.endpoint === name ? 'wrong' : 'warning', text: `From ${alias} to the ${name}: ${reasonOf(reached.error)}` }]
    }),
  )

const ofRestore = ({ restore }: DatabaseStatus, { database }: Environment): readonly Observation[] => {
  if (restore.lacking !== undefined) return []
  const { asked } = restore
  if (!asked.answered) return [{ level: 'warning', text: `The restore points at Neon cannot be read: ${reasonOf(asked.error)}` }]
  if (asked.value.parent !== undefined) return []
  const text = `The project at Neon has no compute ${database.direct.split('.')[0]}: neon.project is not the database's`
  return [{ level: 'warning', text, next: 'honeydue config:explain' }]
}

const ofVersions = ({ endpoints: { pooler, direct } }: DatabaseStatus): readonly Observation[] =>
  pooler.reachable && direct.reachable && pooler.serverVersion !== direct.serverVersion
    ? [
        {
          level: 'wrong',
          text: `The pooler leads to PostgreSQL ${pooler.serverVersion}, the direct endpoint to ${direct.serverVersion}: two servers`,
        },
      ]
    : []

/** What is wrong with the way to the database, worst first; a difference between any two places is one. */
export const databaseFindings = (status: DatabaseStatus, environment: Environment): readonly Observation[] => {
  const { namespace, database, checkout } = environment
  const found: readonly Observation[] = [
    ...(status.inUse
      ? [...ofConfigMap(status.inUse, environment), ...ofOwn(status.inUse, environment)]
      : [
          {
            level: 'wrong' as const,
            text: `ConfigMap ${namespace}/${database.configMap} has no ${key}`,
            next: sh`kubectl -n ${namespace} get configmap ${database.configMap} -o yaml`,
          },
        ]),
    ...both.flatMap((name) => ofEndpoint(name, status)),
    ...ofVersions(status),
    ...ofConnections(status),
    ...ofSource(status, checkout),
    ...ofNodes(status),
    ...ofRestore(status, environment),
    ...(status.activity.answered
      ? []
      : [{ level: 'warning' as const, text: `Its connections cannot be read: ${reasonOf(status.activity.error)}` }]),
  ]
  return worstFirst(found)
}
