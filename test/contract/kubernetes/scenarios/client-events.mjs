// Events that a client writes, in both groups: what they need, how they are counted on, and how the other group reads them.
import { merge, strategic } from '../objects.mjs'
export default async ({ call, viewer, note, ns, server, namespace }) => {
  const core = `${ns}/events`
  const newer = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
  const at = '2026-01-01T00:00:00.000000Z'
  const regarding = { kind: 'Deployment', apiVersion: 'apps/v1', name: 'api', namespace }
  const event = (name, extra) => ({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name },
    regarding,
    eventTime: at,
    reportingController: 'honeydue',
    reportingInstance: 'honeydue-1',
    action: 'SwitchHost',
    reason: 'RunStarted',
    type: 'Normal',
    note: 'db:switch-host to direct',
    ...extra,
  })
  const old = (name, extra) => ({
    metadata: { name },
    involvedObject: regarding,
    reason: 'RunStarted',
    message: 'db:switch-host to direct',
    type: 'Normal',
    source: { component: 'honeydue', host: 'laptop' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 1,
    ...extra,
  })
  await call('write in the newer group', 'POST', newer, { body: event('run.1') })
  await call('once more', 'POST', newer, { body: event('run.1') })
  await call('the older group reads it', 'GET', `${core}/run.1`)
  await call('write in the older group', 'POST', core, { body: old('run.2') })
  await call('the newer group reads it', 'GET', `${newer}/run.2`)
  for (const [title, extra] of [
    ['without a time', { eventTime: undefined }],
    ['without a controller', { reportingController: undefined }],
    ['without an instance', { reportingInstance: undefined }],
    ['without an action', { action: undefined }],
    ['without a reason', { reason: undefined }],
    ['of an unknown type', { type: 'Odd' }],
    ['with a note that is too long', { note: 'n'.repeat(1025) }],
    ['with the older group’s fields', { deprecatedCount: 3, deprecatedSource: { component: 'x' } }],
    ['about another namespace', { regarding: { ...regarding, namespace: 'default' } }],
    ['about something without a namespace', { regarding: { kind: 'Node', apiVersion: 'v1', name: 'x' } }],
    ['with a controller that is no name', { reportingController: 'honey due' }],
    ['with a reason that is too long', { reason: 'R'.repeat(129) }],
  ])
    await call(`newer: ${title}`, 'POST', newer, { body: event(`new-${title.replace(/[^a-z]+/g, '-')}`, extra) })
  for (const [title, extra] of [
    ['without an object', { involvedObject: undefined }],
    ['without a reason', { reason: undefined }],
    ['without a source', { source: undefined }],
    ['about another namespace', { involvedObject: { ...regarding, namespace: 'default' } }],
    ['without times', { firstTimestamp: undefined, lastTimestamp: undefined, count: undefined }],
  ])
    await call(`older: ${title}`, 'POST', core, { body: old(`old-${title.replace(/ /g, '-')}`, extra) })
  note(
    'a name that the server chooses',
    (({ status, body }) => ({ status, fiveLettersMore: /^run\.[bcdfghj-np-tv-z2-9]{5}$/.test(body.metadata.name) }))(
      await server.admin('POST', `${core}?dryRun=All`, { body: { ...old('x'), metadata: { generateName: 'run.' } } }),
    ),
  )
  await call('seen again: the older group’s count', 'PATCH', `${core}/run.2`, {
    type: strategic,
    body: { count: 2, lastTimestamp: '2026-01-01T00:01:00Z', message: 'again' },
  })
  await call('seen again: the newer group’s series', 'PATCH', `${newer}/run.1`, {
    type: strategic,
    body: { series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } },
  })
  await call('a series of one', 'PATCH', `${newer}/run.1`, { type: strategic, body: { series: { count: 1, lastObservedTime: at } } })
  await call('another note', 'PATCH', `${newer}/run.1`, { type: merge, body: { note: 'changed' } })
  await call('another object', 'PATCH', `${newer}/run.1`, { type: merge, body: { regarding: { ...regarding, name: 'worker' } } })
  await call('write about a node', 'POST', '/api/v1/namespaces/default/events', {
    body: { ...old(`${namespace}.node`), involvedObject: { kind: 'Node', apiVersion: 'v1', name: 'x' } },
  })
  await call('write about a node here', 'POST', core, {
    body: { ...old('node'), involvedObject: { kind: 'Node', apiVersion: 'v1', name: 'x' } },
  })
  const names = (r) => ({ status: r.status, names: r.body.items?.map((e) => e.metadata.name), message: r.body.message })
  for (const [title, query] of [
    ['by object', 'involvedObject.name%3Dapi'],
    ['by reason', 'reason%3DRunStarted'],
    ['by component', 'source%3Dhoneydue'],
    ['by reporting component', 'reportingComponent%3Dhoneydue'],
    ['by type, not', 'type!%3DNormal'],
    ['by a field that is not one', 'message%3Dx'],
  ])
    note(`older: ${title}`, names(await server.admin('GET', `${core}?fieldSelector=${query}`)))
  for (const [title, query] of [
    ['by object', 'regarding.name%3Dapi'],
    ['by reporting controller', 'reportingController%3Dhoneydue'],
    ['by the older name', 'involvedObject.name%3Dapi'],
  ])
    note(`newer: ${title}`, names(await server.admin('GET', `${newer}?fieldSelector=${query}`)))
  note(
    'as a table: columns',
    (({ status, body }) => ({ status, columns: body.columnDefinitions?.map((c) => [c.name, c.priority]) }))(
      await server.admin('GET', core, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }),
    ),
  )
  await viewer('a stranger writes', 'POST', core, { body: old('stranger') })
  await call('delete those of a kind', 'DELETE', `${core}?fieldSelector=involvedObject.kind%3DNode`)
  await server.admin('DELETE', `/api/v1/namespaces/default/events/${namespace}.node`)
}
