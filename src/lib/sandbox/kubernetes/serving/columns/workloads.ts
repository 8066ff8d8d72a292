import { selectorText } from '../../selectors.ts'
import type { KubeObject } from '../../types.ts'
import {
  age,
  type Cell,
  type Column,
  column,
  count,
  integer,
  list,
  name,
  object,
  orNone,
  selector,
  spec,
  status,
  text,
  wide,
} from './column.ts'
import { humanDuration } from './duration.ts'

/** Of what a workload makes pods, a CronJob through its Jobs. */
const templateOf = (o: KubeObject) => object((o.kind === 'CronJob' ? object(object(spec(o)['jobTemplate'])['spec']) : spec(o))['template'])
const containers = (o: KubeObject) => list(object(templateOf(o)['spec'])['containers'])
const pair = [
  wide(
    'Containers',
    (o) =>
      containers(o)
        .map((c) => c['name'])
        .join(','),
    'Names of each container in the template.',
  ),
  wide(
    'Images',
    (o) =>
      containers(o)
        .map((c) => c['image'])
        .join(','),
    'Images referenced by each container in the template.',
  ),
]
const duration = (from: unknown, to: unknown, since: (time: unknown) => string): string => {
  if (typeof from !== 'string') return ''
  return typeof to === 'string' ? humanDuration(Date.parse(to) - Date.parse(from)) : since(from)
}

const jobStatus: Cell = (o) => {
  const is = (type: string) =>
    list(status(o)['conditions']).some((condition) => condition['type'] === type && condition['status'] === 'True')
  return is('Complete')
    ? 'Complete'
    : is('Failed')
      ? 'Failed'
      : o.metadata.deletionTimestamp
        ? 'Terminating'
        : is('Suspended')
          ? 'Suspended'
          : is('FailureTarget')
            ? 'FailureTarget'
            : is('SuccessCriteriaMet')
              ? 'SuccessCriteriaMet'
              : 'Running'
}
const sets = [
  name,
  integer('Desired', (o) => count(spec(o)['replicas'])),
  integer('Current', (o) => count(status(o)['replicas'])),
  integer('Ready', (o) => count(status(o)['readyReplicas'])),
  age,
  ...pair,
  selector(''),
]

export const workloads: Readonly<Record<string, readonly Column[]>> = {
  Deployment: [
    name,
    column('Ready', (o) => `${count(status(o)['readyReplicas'])}/${count(spec(o)['replicas'])}`, 'Number of the pod with ready state'),
    column(
      'Up-to-date',
      (o) => count(status(o)['updatedReplicas']),
      'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
    ),
    column(
      'Available',
      (o) => count(status(o)['availableReplicas']),
      'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
    ),
    age,
    ...pair,
    selector('Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment.'),
  ],
  ReplicaSet: sets,
  StatefulSet: [name, column('Ready', (o) => `${count(status(o)['readyReplicas'])}/${count(spec(o)['replicas'])}`), age, ...pair],
  DaemonSet: [
    name,
    integer('Desired', (o) => count(status(o)['desiredNumberScheduled'])),
    integer('Current', (o) => count(status(o)['currentNumberScheduled'])),
    integer('Ready', (o) => count(status(o)['numberReady'])),
    integer('Up-to-date', (o) => count(status(o)['updatedNumberScheduled'])),
    integer('Available', (o) => count(status(o)['numberAvailable'])),
    column(
      'Node Selector',
      (o) => selectorText({ matchLabels: object(object(object(spec(o)['template'])['spec'])['nodeSelector']) }) || '<none>',
    ),
    age,
    ...pair,
    selector(''),
  ],
  Job: [
    name,
    column('Status', jobStatus),
    column('Completions', (o) => `${count(status(o)['succeeded'])}/${text(spec(o)['completions'] ?? spec(o)['parallelism'] ?? 1)}`),
    column('Duration', (o, since) => duration(status(o)['startTime'], status(o)['completionTime'], since)),
    age,
    ...pair,
    selector(''),
  ],
  CronJob: [
    name,
    column('Schedule', (o) => text(spec(o)['schedule'])),
    column('Timezone', (o) => orNone(spec(o)['timeZone'])),
    column('Suspend', (o) => (spec(o)['suspend'] === true ? 'True' : 'False')),
    integer('Active', (o) => list(status(o)['active']).length),
    column('Last Schedule', (o, since) => (status(o)['lastScheduleTime'] ? since(status(o)['lastScheduleTime']) : '<none>')),
    age,
    ...pair,
    selector(''),
  ],
  PodDisruptionBudget: [
    name,
    column('Min Available', (o) => text(spec(o)['minAvailable'] ?? 'N/A')),
    column('Max Unavailable', (o) => text(spec(o)['maxUnavailable'] ?? 'N/A')),
    integer('Allowed Disruptions', (o) => count(status(o)['disruptionsAllowed'])),
    age,
  ],
}
