// The operators' lock on a Lease: taken, renewed, released, taken over; by version, by test, by server-side apply; watched.
import { apply, json, merge } from '../objects.mjs'
export default async ({ call, viewer, note, server, namespace }) => {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const path = `${leases}/honeydue-operators`
  const at = (s) => `2026-01-01T00:00:${String(s).padStart(2, '0')}.000000Z`
  const lock = (holder, s, extra = {}) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'honeydue-operators', annotations: { 'honeydue.dev/run': `run of ${holder}` } },
    spec: { holderIdentity: holder, leaseDurationSeconds: 30, acquireTime: at(s), renewTime: at(s), leaseTransitions: 0, ...extra },
  })
  const from = (await server.admin('GET', leases)).body.metadata.resourceVersion
  await call('nobody holds it', 'GET', path)
  const { body: mine } = await call('one takes it', 'POST', `${leases}?fieldManager=honeydue`, { body: lock('one', 0) })
  await call('two takes it at the same time', 'POST', `${leases}?fieldManager=honeydue`, { body: lock('two', 1) })
  await call('two takes it, dry', 'POST', `${leases}?dryRun=All`, { body: lock('two', 1) })
  const { body: renewed } = await call('one renews by the version it holds', 'PUT', `${path}?fieldManager=honeydue`, {
    body: { ...mine, spec: { ...mine.spec, renewTime: at(10) } },
  })
  note('each renewal is a version', {
    moved: renewed.metadata.resourceVersion !== mine.metadata.resourceVersion,
    generation: renewed.metadata.generation ?? null,
  })
  await call('two takes over by the version before the renewal', 'PUT', path, {
    body: { ...mine, spec: lock('two', 40, { leaseTransitions: 1 }).spec },
  })
  await call('two takes over by a patch that tests the holder and the time', 'PATCH', `${path}?fieldManager=honeydue`, {
    type: json,
    body: [
      { op: 'test', path: '/spec/renewTime', value: at(0) },
      { op: 'replace', path: '/spec/holderIdentity', value: 'two' },
    ],
  })
  await call('the holder deletes by uid and version read before', 'DELETE', path, {
    body: { preconditions: { uid: mine.metadata.uid, resourceVersion: mine.metadata.resourceVersion } },
  })
  await call('two takes over an expired lock', 'PATCH', `${path}?fieldManager=honeydue`, {
    type: json,
    body: [
      { op: 'test', path: '/spec/holderIdentity', value: 'one' },
      { op: 'test', path: '/spec/renewTime', value: at(10) },
      { op: 'replace', path: '/spec/holderIdentity', value: 'two' },
      { op: 'replace', path: '/spec/renewTime', value: at(50) },
      { op: 'replace', path: '/spec/acquireTime', value: at(50) },
      { op: 'replace', path: '/spec/leaseTransitions', value: 1 },
    ],
  })
  await call('one renews: too late', 'PUT', path, { body: { ...renewed, spec: { ...renewed.spec, renewTime: at(51) } } })
  await call('one renews by a patch that tests itself', 'PATCH', path, {
    type: json,
    body: [
      { op: 'test', path: '/spec/holderIdentity', value: 'one' },
      { op: 'replace', path: '/spec/renewTime', value: at(51) },
    ],
  })
  await call('a renewal of the same instant changes nothing', 'PATCH', path, { type: merge, body: { spec: { renewTime: at(50) } } })
  await call('by server-side apply: two holds it by an update, three conflicts', 'PATCH', `${path}?fieldManager=three`, {
    type: apply,
    body: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'honeydue-operators' },
      spec: { holderIdentity: 'three' },
    },
  })
  await call('by server-side apply, forced', 'PATCH', `${path}?fieldManager=three&force=true`, {
    type: apply,
    body: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'honeydue-operators' },
      spec: { holderIdentity: 'three', leaseTransitions: 2 },
    },
  })
  await call('released: nobody by name', 'PATCH', path, { type: merge, body: { spec: { holderIdentity: '' } } })
  await call('released: no holder at all', 'PATCH', path, {
    type: merge,
    body: { spec: { holderIdentity: null, renewTime: null, acquireTime: null } },
  })
  await call('a negative duration', 'PATCH', path, { type: merge, body: { spec: { leaseDurationSeconds: -1 } } })
  await call('fewer than no transitions', 'PATCH', path, { type: merge, body: { spec: { leaseTransitions: -1 } } })
  await call('a time with nanoseconds', 'PATCH', path, { type: merge, body: { spec: { renewTime: '2026-01-01T00:00:00.123456789Z' } } })
  await call('a time with hundredths', 'PATCH', path, { type: merge, body: { spec: { renewTime: '2026-01-01T00:00:00.12Z' } } })
  await call('a strategy that needs a gate', 'PATCH', path, {
    type: merge,
    body: { spec: { strategy: 'OldestEmulationVersion', preferredHolder: 'x' } },
  })
  await call('a duration that is not a number', 'PATCH', path, { type: merge, body: { spec: { leaseDurationSeconds: '30' } } })
  await call('a field that is not there, strict', 'PATCH', `${path}?fieldValidation=Strict`, {
    type: merge,
    body: { spec: { holder: 'x' } },
  })
  await viewer('a stranger takes it', 'PATCH', path, { type: merge, body: { spec: { holderIdentity: 'stranger' } } })
  await call('found by name', 'GET', `${leases}?fieldSelector=metadata.name%3Dhoneydue-operators`)
  await call('as a table', 'GET', leases, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })
  await call('delete by uid of another', 'DELETE', path, { body: { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } } })
  await call('release by uid', 'DELETE', path, { body: { preconditions: { uid: mine.metadata.uid } } })
  const stream = await server.admin(
    'GET',
    `${leases}?watch=1&resourceVersion=${from}&timeoutSeconds=1&fieldSelector=metadata.name%3Dhoneydue-operators`,
  )
  note('as a watch saw it', { events: stream.body.map((e) => [e.type, e.object.spec.holderIdentity ?? null]) })
}
