// A node is cordoned, tainted and taken back: the patches of kubectl and honeydue, their owners, and what the scheduler does meanwhile.
import { json, nodeNames, pod, poll, renamed, strategic } from '../objects.mjs'
export default async ({ call, viewer, note, ns, server }) => {
  const node = (await nodeNames(server)).at(-1)
  const path = `/api/v1/nodes/${node}`
  const hide = (value) => renamed({ [node]: '<node>' }, value)
  const brief = (r, manager) =>
    hide({
      status: r.status,
      ...(r.body.kind === 'Node'
        ? {
            kind: r.body.kind,
            unschedulable: r.body.spec.unschedulable ?? null,
            taints: (r.body.spec.taints ?? []).map(({ timeAdded, ...t }) => ({ ...t, timed: timeAdded !== undefined })),
            fields: r.body.metadata.managedFields
              .filter((m) => m.manager === manager)
              .map(({ operation, apiVersion, fieldsV1, subresource }) => ({
                operation,
                apiVersion,
                fieldsV1,
                subresource: subresource ?? null,
              })),
          }
        : { body: r.body }),
    })
  const patch = async (title, body, { manager = 'honeydue', type = strategic, query = '', user = 'admin' } = {}) => {
    const r = await server[user]('PATCH', `${path}?fieldManager=${manager}${query}`, { type, body })
    if (title) note(title, brief(r, manager))
    return r
  }
  const tainted = (key, wanted = true) => poll(server, path, (r) => (r.body.spec.taints ?? []).some((t) => t.key === key) === wanted)
  try {
    const before = (await server.admin('GET', path)).body.metadata.resourceVersion
    await patch('cordon, dry', { spec: { unschedulable: true } }, { query: '&dryRun=All' })
    await patch('a stranger cordons', { spec: { unschedulable: true } }, { user: 'viewer' })
    await patch('cordon', { spec: { unschedulable: true } }, { manager: 'kubectl' })
    note('the controller adds the taint', brief(await tainted('node.kubernetes.io/unschedulable'), 'kubectl'))
    const one = await patch('cordon again', { spec: { unschedulable: true } }, { manager: 'kubectl' })
    const two = await server.admin('PATCH', `${path}?fieldManager=kubectl`, { type: strategic, body: { spec: { unschedulable: true } } })
    note('which changes nothing', { same: one.body.spec.unschedulable === two.body.spec.unschedulable })
    await patch('cordon on what was read before', { metadata: { resourceVersion: before }, spec: { unschedulable: true } })
    await patch(
      'test and replace',
      [
        { op: 'test', path: '/spec/unschedulable', value: true },
        { op: 'add', path: '/metadata/annotations/honeydue.dev~1cordoned-by', value: 'one' },
      ],
      { type: json },
    )
    await call('', 'POST', `${ns}/pods`, { body: pod('only-there', { nodeSelector: { 'kubernetes.io/hostname': node } }) })
    const pending = await poll(server, `${ns}/pods/only-there`, (r) => r.body.status?.conditions?.length > 0)
    note(
      'a pod that fits only there waits',
      hide({
        phase: pending.body.status.phase,
        conditions: pending.body.status.conditions.map(({ lastTransitionTime, lastProbeTime, ...c }) => c),
      }),
    )
    const event = await poll(server, `${ns}/events?fieldSelector=involvedObject.name%3Donly-there`, (r) => r.body.items.length > 0)
    note(
      'and an event says so',
      event.body.items
        .slice(0, 1)
        .map(({ reason, type, message, source, reportingComponent, action }) =>
          hide({ reason, type, message, source, reportingComponent, action }),
        )[0],
    )
    await call('', 'POST', `${ns}/pods`, {
      body: pod('tolerates', {
        nodeSelector: { 'kubernetes.io/hostname': node },
        tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
      }),
    })
    const there = await poll(server, `${ns}/pods/tolerates`, (r) => r.body.spec.nodeName)
    note('a pod that tolerates it goes there', { there: there.body.spec.nodeName === node })
    await patch('uncordon', { spec: { unschedulable: null } }, { manager: 'kubectl' })
    note('the controller takes the taint away', brief(await tainted('node.kubernetes.io/unschedulable', false), 'kubectl'))
    const placed = await poll(server, `${ns}/pods/only-there`, (r) => r.body.spec.nodeName)
    note('and the pod that waited goes there', {
      there: placed.body.spec.nodeName === node,
      scheduled: placed.body.status.conditions.filter((c) => c.type === 'PodScheduled').map((c) => [c.status, c.reason ?? null]),
    })
    await patch('uncordon what is not cordoned', { spec: { unschedulable: null } }, { manager: 'kubectl' })
    await patch('unschedulable as text', { spec: { unschedulable: 'yes' } })
    await patch(
      'a taint',
      { spec: { taints: [{ key: 'maintenance', value: 'true', effect: 'NoSchedule' }] } },
      { manager: 'kubectl-taint' },
    )
    await patch(
      'the same taint with another effect',
      { spec: { taints: [{ key: 'maintenance', value: 'true', effect: 'PreferNoSchedule' }] } },
      { manager: 'kubectl-taint' },
    )
    await patch('a taint with an unknown effect', { spec: { taints: [{ key: 'x', effect: 'Never' }] } })
    await patch('a taint without a key', { spec: { taints: [{ effect: 'NoSchedule' }] } })
    await patch('the taint away', { spec: { $retainKeys: ['taints'], taints: null } }, { manager: 'kubectl-taint' })
    await patch('a label', { metadata: { labels: { 'honeydue.test/drained': 'yes' } } }, { manager: 'kubectl-label' })
    note('found by it', {
      nodes: (await server.admin('GET', '/api/v1/nodes?labelSelector=honeydue.test%2Fdrained')).body.items.map((n) =>
        n.metadata.name === node ? '<node>' : n.metadata.name,
      ),
    })
    note('by its state', {
      schedulable: (await server.admin('GET', '/api/v1/nodes?fieldSelector=spec.unschedulable%3Dfalse')).body.items.length,
      cordoned: (await server.admin('GET', '/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue')).body.items.length,
    })
    note(
      'as a table',
      hide(
        (({ status, body }) => ({ status, columns: body.columnDefinitions.map((c) => c.name) }))(
          await server.admin('GET', `/api/v1/nodes?fieldSelector=metadata.name%3D${node}`, {
            accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
          }),
        ),
      ),
    )
  } finally {
    await server.admin('PATCH', path, {
      type: strategic,
      body: {
        metadata: { labels: { 'honeydue.test/drained': null }, annotations: { 'honeydue.dev/cordoned-by': null } },
        spec: { unschedulable: null, taints: [{ $patch: 'replace' }] },
      },
    })
  }
}
