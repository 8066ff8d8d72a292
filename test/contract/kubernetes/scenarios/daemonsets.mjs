// DaemonSets: one pod a node, renewed one node after another. Needs three nodes.
import { daemonSet, json, merge, poll, strategic } from '../objects.mjs'
export default async ({ call, note, ns, apps, server }) => {
  const path = `${apps}/daemonsets/agent`
  const pods = async () =>
    (await server.admin('GET', `${ns}/pods?labelSelector=app%3Dagent`)).body.items.filter((p) => !p.metadata.deletionTimestamp)
  const done = (r) =>
    r.body.status?.observedGeneration === r.body.metadata.generation &&
    r.body.status.updatedNumberScheduled === r.body.status.desiredNumberScheduled &&
    r.body.status.numberAvailable === r.body.status.desiredNumberScheduled
  const brief = ({ status, body }) => ({
    status,
    generation: body.metadata?.generation,
    annotations: body.metadata?.annotations ?? null,
    spec: body.spec,
    message: body.message,
    causes: body.details?.causes,
  })
  const version = async () => (await server.admin('GET', `${ns}/pods`)).body.metadata.resourceVersion
  const during = async (from) => {
    const live = new Map(
      (await server.admin('GET', `${ns}/pods?labelSelector=app%3Dagent&resourceVersionMatch=Exact&resourceVersion=${from}`)).body.items.map(
        (p) => [p.metadata.uid, true],
      ),
    )
    let least = live.size
    for (const e of (await server.admin('GET', `${ns}/pods?watch=1&resourceVersion=${from}&timeoutSeconds=1&labelSelector=app%3Dagent`))
      .body) {
      if (e.type === 'DELETED') live.delete(e.object.metadata.uid)
      else
        live.set(
          e.object.metadata.uid,
          !e.object.metadata.deletionTimestamp && e.object.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
        )
      least = Math.min(least, [...live.values()].filter(Boolean).length)
    }
    return least
  }
  note('create', brief(await server.admin('POST', `${apps}/daemonsets`, { body: daemonSet('agent') })))
  const settled = await poll(server, path, (r) => done(r) && r.body.status.desiredNumberScheduled === 3)
  note('settled', { status: settled.body.status, annotations: settled.body.metadata.annotations })
  const [one] = await pods()
  note('one of its pods', {
    labels: { ...one.metadata.labels, 'controller-revision-hash': '<hash>' },
    generateName: one.metadata.generateName,
    owner: one.metadata.ownerReferences.map(({ kind, name, controller, blockOwnerDeletion }) => ({
      kind,
      name,
      controller,
      blockOwnerDeletion,
    })),
    tolerations: one.spec.tolerations,
    byName: one.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields.map(
      ({ key, operator }) => [key, operator],
    ),
  })
  note('on each node one', { nodes: new Set((await pods()).map((p) => p.spec.nodeName)).size })
  const from = await version()
  note(
    'restart',
    brief(
      await server.admin('PATCH', `${path}?fieldManager=kubectl-rollout`, {
        type: strategic,
        body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } } } } },
      }),
    ),
  )
  const restarted = await poll(server, path, done)
  note('restarted', { status: restarted.body.status, annotations: restarted.body.metadata.annotations, leastReady: await during(from) })
  const revisions = async () =>
    (await server.admin('GET', `${apps}/controllerrevisions?labelSelector=app%3Dagent`)).body.items.sort((a, b) => a.revision - b.revision)
  note('revisions', {
    revisions: (await revisions()).map((r) => ({
      revision: r.revision,
      annotations: r.metadata.annotations,
      patch: Object.keys(r.data.spec),
    })),
  })
  await server.admin('PATCH', path, { type: merge, body: { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: '100%' } } } } })
  await server.admin('PATCH', path, {
    type: strategic,
    body: { spec: { template: { spec: { containers: [{ name: 'agent', image: 'registry.test/agent:2' }] } } } },
  })
  note('all at once', { status: (await poll(server, path, done)).body.status })
  // `kubectl rollout undo`: the data of the revision before as a strategic patch.
  const before = (await revisions()).at(-2)
  note('undo', brief(await server.admin('PATCH', path, { type: strategic, body: before.data })))
  note('undone', {
    status: (await poll(server, path, done)).body.status,
    image: (await pods())[0].spec.containers[0].image,
    revisions: (await revisions()).map((r) => r.revision),
  })
  await server.admin('PATCH', path, { type: merge, body: { spec: { template: { spec: { nodeSelector: { none: 'none' } } } } } })
  const none = await poll(
    server,
    path,
    (r) =>
      r.body.status.observedGeneration === r.body.metadata.generation &&
      r.body.status.currentNumberScheduled === 0 &&
      r.body.status.numberMisscheduled === 0,
  )
  await poll(server, `${ns}/pods?labelSelector=app%3Dagent`, (r) => r.body.items.length === 0)
  note('for no node', { status: none.body.status })
  await server.admin('PATCH', path, { type: json, body: [{ op: 'remove', path: '/spec/template/spec/nodeSelector' }] })
  await poll(server, path, (r) => done(r) && r.body.status.desiredNumberScheduled === 3)
  await call('what cannot change', 'PATCH', path, { type: merge, body: { spec: { selector: { matchLabels: { app: 'other' } } } } })
  await call('surge and unavailable both nothing', 'PATCH', path, {
    type: merge,
    body: { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } },
  })
  await call('surge and unavailable both something', 'PATCH', path, {
    type: merge,
    body: { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } } },
  })
  await call('an unknown strategy', 'POST', `${apps}/daemonsets`, {
    body: daemonSet('bad', { extra: { updateStrategy: { type: 'Sometimes' } } }),
  })
  await call('pods that do not always restart', 'POST', `${apps}/daemonsets`, {
    body: daemonSet('bad', { pod: { restartPolicy: 'Never' } }),
  })
  note(
    'as a table: columns',
    (({ status, body }) => ({ status, columns: body.columnDefinitions.map((c) => [c.name, c.priority]) }))(
      await server.admin('GET', `${apps}/daemonsets`, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }),
    ),
  )
  note('events', {
    reasons: [
      ...new Set(
        (await server.admin('GET', `${ns}/events?fieldSelector=involvedObject.kind%3DDaemonSet`)).body.items.map(
          (e) => `${e.type} ${e.reason}`,
        ),
      ),
    ].sort(),
  })
  const removed = await server.admin('DELETE', path, { body: { propagationPolicy: 'Foreground' } })
  note('delete in the foreground', {
    status: removed.status,
    kind: removed.body.kind,
    finalizers: removed.body.metadata?.finalizers,
    deleting: removed.body.metadata?.deletionTimestamp !== undefined,
  })
  await poll(server, path, (r) => r.status === 404)
  note('its pods went first', { left: (await pods()).length })
}
