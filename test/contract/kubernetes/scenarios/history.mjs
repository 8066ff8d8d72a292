// Revisions of a Deployment: what each was for, how far they reach back, and how one goes back to any of them.
import { deployment, json, merge, poll, rolledOut, strategic } from '../objects.mjs'
export default async ({ call, note, ns, apps, server }) => {
  const path = `${apps}/deployments/api`
  const cause = 'kubernetes.io/change-cause'
  const revision = 'deployment.kubernetes.io/revision'
  const sets = async () =>
    (await server.admin('GET', `${apps}/replicasets?labelSelector=app%3Dapi`)).body.items.sort(
      (a, b) => Number(a.metadata.annotations[revision]) - Number(b.metadata.annotations[revision]),
    )
  const history = async (title) =>
    note(title, {
      sets: (await sets()).map((s) => ({
        annotations: s.metadata.annotations,
        image: s.spec.template.spec.containers[0].image,
        replicas: s.spec.replicas,
      })),
    })
  const settled = (n) => poll(server, path, (r) => rolledOut(r) && r.body.metadata.annotations[revision] === String(n))
  await call('', 'POST', `${apps}/deployments`, {
    body: { ...deployment('api', { replicas: 2 }), metadata: { name: 'api', labels: { app: 'api' }, annotations: { [cause]: 'first' } } },
  })
  note('the first revision', { annotations: (await settled(1)).body.metadata.annotations })
  const image = (n, why) =>
    server.admin('PATCH', path, {
      type: strategic,
      body: {
        ...(why === undefined ? {} : { metadata: { annotations: { [cause]: why } } }),
        spec: { template: { spec: { containers: [{ name: 'api', image: `registry.test/api:${n}` }] } } },
      },
    })
  await image(2, 'second: new image')
  await settled(2)
  await image(3)
  await settled(3)
  await history('three revisions: one change without a cause of its own inherits the last')
  note(
    'the cause alone',
    (({ status, body }) => ({ status, generation: body.metadata.generation }))(
      await server.admin('PATCH', path, { type: merge, body: { metadata: { annotations: { [cause]: 'third, told later' } } } }),
    ),
  )
  await poll(server, `${apps}/replicasets?labelSelector=app%3Dapi`, (r) =>
    r.body.items.some((s) => s.metadata.annotations[cause] === 'third, told later'),
  )
  await history('makes no revision, but is copied to the live set')
  // `kubectl rollout undo --to-revision=1`: the template and the annotations of that set, tested by nothing.
  const undo = async (title, n) => {
    const set = (await sets()).find((s) => s.metadata.annotations[revision] === String(n))
    const { 'pod-template-hash': _, ...labels } = set.spec.template.metadata.labels
    const skip = new Set([
      'kubectl.kubernetes.io/last-applied-configuration',
      revision,
      'deployment.kubernetes.io/revision-history',
      'deployment.kubernetes.io/desired-replicas',
      'deployment.kubernetes.io/max-replicas',
      'deprecated.deployment.rollback.to',
    ])
    const annotations = Object.fromEntries(Object.entries(set.metadata.annotations).filter(([k]) => !skip.has(k)))
    const r = await server.admin('PATCH', `${path}?fieldManager=kubectl-rollout`, {
      type: json,
      body: [
        { op: 'replace', path: '/spec/template', value: { ...set.spec.template, metadata: { ...set.spec.template.metadata, labels } } },
        { op: 'replace', path: '/metadata/annotations', value: annotations },
      ],
    })
    if (title)
      note(title, {
        status: r.status,
        annotations: r.body.metadata.annotations,
        generation: r.body.metadata.generation,
        image: r.body.spec.template.spec.containers[0].image,
        fields: r.body.metadata.managedFields.filter((m) => m.manager === 'kubectl-rollout').map((m) => [m.operation, m.fieldsV1]),
      })
  }
  const named = (await sets()).map((s) => s.metadata.name)
  await undo('undo to the first', 1)
  note('it is the fourth now', { annotations: (await settled(4)).body.metadata.annotations })
  await history('the first set lives again, under a new number')
  note('under the same name', { same: (await sets()).map((s) => named.indexOf(s.metadata.name)) })
  await undo('', 2)
  await settled(5)
  await undo('undo to what was undone before', 4)
  await settled(6)
  await history('the numbers that a set has had')
  note(
    'a template that is the same makes no revision',
    (({ status, body }) => ({ status, generation: body.metadata.generation }))(
      await server.admin('PATCH', path, {
        type: merge,
        body: {
          spec: { template: { spec: { containers: [{ name: 'api', image: 'registry.test/api:1', ports: [{ containerPort: 8000 }] }] } } },
        },
      }),
    ),
  )
  note('still the sixth', { revision: (await settled(6)).body.metadata.annotations[revision] })
  await server.admin('PATCH', path, { type: merge, body: { spec: { revisionHistoryLimit: 1 } } })
  await poll(server, `${apps}/replicasets?labelSelector=app%3Dapi`, (r) => r.body.items.length === 2)
  await history('with a history of one')
  await server.admin('PATCH', path, { type: merge, body: { spec: { revisionHistoryLimit: 0 } } })
  await poll(server, `${apps}/replicasets?labelSelector=app%3Dapi`, (r) => r.body.items.length === 1)
  await history('with none: nowhere to go back to')
  await call('a history of less than none', 'PATCH', path, { type: merge, body: { spec: { revisionHistoryLimit: -1 } } })
  // Paused: kubectl refuses to undo; the server takes it and waits.
  await server.admin('PATCH', path, { type: merge, body: { spec: { paused: true, revisionHistoryLimit: 5 } } })
  await image(9, 'while paused')
  const paused = await poll(server, path, (r) => r.body.status.observedGeneration === r.body.metadata.generation)
  await server.sleep(500)
  note('a change while paused has no set yet', {
    sets: (await sets()).length,
    revision: paused.body.metadata.annotations[revision],
    updated: paused.body.status.updatedReplicas ?? 0,
  })
  await server.admin('PATCH', path, { type: merge, body: { spec: { paused: false } } })
  await settled(7)
  await history('and has one afterwards')
  note('events', {
    reasons: [
      ...new Set(
        (await server.admin('GET', `${ns}/events`)).body.items
          .filter((e) => e.involvedObject.kind === 'Deployment')
          .map((e) => `${e.type} ${e.reason}`),
      ),
    ].sort(),
  })
}
