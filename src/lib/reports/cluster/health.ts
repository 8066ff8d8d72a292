import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import { secondsSince } from '../../facts/ages.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { wakes } from '../../facts/db/activity.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { clusterFindings } from './findings.ts'
import { type ClusterHealth, gatherClusterHealth } from './gather.ts'

/** Section 1 of the runbook: nodes, pods that are not well and why, workloads below their replicas, claims without a volume, recent warnings. */
export const clusterHealth = defineReport({
  id: 'cluster:health',
  section: 1,
  title: 'Show what is not well in the cluster, and why',
  needs: ['kube', 'redis', 'postgres'],
  choices: {},
  look: async (_, look, context) => {
    const { kube } = look
    const { environment } = context
    const now = context.clock.now()
    const health = await gatherClusterHealth(look, context)
    const cluster = await kube.cluster()
    const aliasOf = (name: string) => environment.nodes.find(({ hostname }) => hostname === name)?.alias ?? name
    return {
      findings: [
        ...clusterFindings(health, { namespace: environment.namespace, aliasOf }),
        ...(cluster.fellOver
          ? [
              {
                level: 'warning' as const,
                text: `The server of ${cluster.kubeconfig} does not answer: ${cluster.server} was asked instead`,
              },
            ]
          : []),
      ],
      tables: [nodeTable(health, aliasOf), ...unwellTables(health, now), ...eventTable(health, now)],
      notes: [
        `${counted(health.podCount, 'pod')}, ${counted(health.workloadCount, 'workload')} and ${counted(health.claimCount, 'claim')} of all namespaces were looked at`,
        ...health.notKnown,
        wakes,
        `The Kubernetes API: ${cluster.server} (${cluster.kubeconfig})`,
      ],
      data: {
        cluster,
        ...health,
        unread: health.unread.map(({ kind, error }) => ({ kind, reason: reasonOf(error) })),
      },
    }
  },
})

const nodeTable = ({ nodes }: ClusterHealth, aliasOf: (name: string) => string): Table => ({
  title: 'Nodes',
  columns: ['hostname', 'alias', 'ready', 'k3s', 'pods'],
  rows: nodes.map((node) => [
    node.name,
    aliasOf(node.name) === node.name ? '' : aliasOf(node.name),
    node.ready ? (node.cordoned ? 'cordoned' : 'Ready') : 'NotReady',
    node.kubeletVersion,
    String(node.pods),
  ]),
})

const unwellTables = ({ unwell }: ClusterHealth, now: Date): readonly Table[] => {
  const logged = unwell.flatMap(({ pod, lastLine }) => (lastLine === undefined ? [] : [[clipped(pod, 30), clipped(lastLine, 48)]]))
  const rows = unwell.map(({ pod, reason, restarts, last, lastAt, age: old }) => {
    const ago = secondsSince(lastAt, now)
    return [
      clipped(pod, 28),
      reason,
      String(restarts),
      last === undefined ? '' : `${last}${ago === undefined ? '' : ` ${age(ago)} ago`}`,
      age(old),
    ]
  })
  return [
    ...(rows.length > 0 ? [{ title: 'Pods', columns: ['pod', 'why', 'restarts', 'ended last', 'age'], rows }] : []),
    ...(logged.length > 0 ? [{ title: 'Last lines of their logs', columns: ['pod', 'line'], rows: logged }] : []),
  ]
}

const eventTable = ({ warnings }: ClusterHealth, now: Date): readonly Table[] =>
  warnings.length === 0
    ? []
    : [
        {
          title: 'Warning events of the last hour',
          columns: ['ago', 'times', 'about', 'reason', 'the last of them'],
          rows: warnings
            .slice(0, 20)
            .map(({ last, count, about, reason, message }) => [
              age(secondsSince(last, now) ?? 0),
              String(count),
              clipped(about, 24),
              clipped(reason, 18),
              clipped(message, 60),
            ]),
        },
      ]
