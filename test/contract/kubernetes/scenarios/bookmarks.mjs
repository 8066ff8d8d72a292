// Watches that a client leaves open: bookmarks, ends, other forms, versions that are gone, and what may not be asked together.
import { configMap, merge } from '../objects.mjs'
export default async ({ call, viewer, note, ns, server }) => {
  const maps = `${ns}/configmaps`
  const mine = 'fieldSelector=metadata.name%3Dm'
  const list = (r) => (Array.isArray(r.body) ? r.body : r.body ? [r.body] : [])
  const said = (text) => text?.replace(/\(\d+\)|: \d+|\d{2,}/g, (t) => t.replace(/\d+/, '<n>'))
  const events = (r) => ({
    status: r.status,
    type: r.headers['content-type'],
    events: list(r).map((e) => ({
      type: e.type ?? null,
      kind: e.object?.kind ?? e.kind,
      name: e.object?.metadata?.name ?? null,
      data: e.object?.data,
      code: e.object?.code ?? e.code,
      reason: e.object?.reason ?? e.reason,
      message: said(e.object?.message ?? e.message),
      annotations: e.object?.metadata?.annotations,
    })),
  })
  await server.admin('POST', maps, { body: configMap('m', { v: '1' }) })
  const { body: start } = await server.admin('GET', maps)
  const from = start.metadata.resourceVersion
  const watch = (query, options) => server.admin('GET', `${maps}?watch=1&${query}`, options)
  // One comes two seconds before the end that was asked for at the latest: how many is not told, nor is how long a machine takes for the rest.
  const marked = watch(`resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=8&${mine}`, {
    until: (t) => t.includes('BOOKMARK'),
  })
  await server.sleep(300)
  await server.admin('PATCH', `${maps}/m`, { type: merge, body: { data: { v: '2' } } })
  await server.admin('POST', maps, { body: configMap('other', {}) })
  const r = await marked
  const seen = list(r)
  const [event] = seen
  const bookmark = seen.findLast((e) => e.type === 'BOOKMARK')
  note('an event, then one bookmark or more', {
    status: r.status,
    type: r.headers['content-type'],
    first: [event.type, event.object.data],
    after: [...new Set(seen.slice(1).map((e) => e.type))],
  })
  note('the bookmark is of the kind, with a version alone', {
    apiVersion: bookmark?.object.apiVersion,
    kind: bookmark?.object.kind,
    keys: Object.keys(bookmark?.object.metadata ?? {})
      .filter((k) => k !== 'annotations')
      .sort(),
    data: bookmark?.object.data ?? null,
    notBefore: Number(bookmark?.object.metadata.resourceVersion) >= Number(event?.object.metadata.resourceVersion),
  })
  await server.admin('PATCH', `${maps}/m`, { type: merge, body: { data: { v: '3' } } })
  note(
    'watching on from the bookmark: nothing twice, nothing missed',
    events(await watch(`resourceVersion=${bookmark?.object.metadata.resourceVersion}&timeoutSeconds=1&${mine}`)),
  )
  note('without bookmarks', events(await watch(`resourceVersion=${from}&timeoutSeconds=3&${mine}`)))
  const began = Date.now()
  const ended = await watch(`resourceVersion=${from}&timeoutSeconds=2&${mine}`)
  note('it ends in the time that was asked for', { status: ended.status, inTime: Date.now() - began > 1800 })
  note(
    'with initial events and a bookmark that ends them',
    events(
      await watch(
        `sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&resourceVersion=${from}&timeoutSeconds=5&${mine}`,
        { until: (t) => t.includes('initial-events-end') },
      ),
    ),
  )
  note(
    'initial events refused, from a version',
    events(await watch(`sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=${from}&timeoutSeconds=1&${mine}`)),
  )
  for (const [title, query] of [
    ['initial events without a match', 'sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1'],
    ['a match without initial events', 'resourceVersionMatch=NotOlderThan&timeoutSeconds=1'],
    ['an exact match', 'sendInitialEvents=true&resourceVersionMatch=Exact&timeoutSeconds=1'],
    ['a version that is none', 'resourceVersion=abc&timeoutSeconds=1'],
    ['a time that is none', 'timeoutSeconds=soon'],
    ['a page', `limit=1&resourceVersion=${from}&timeoutSeconds=1&${mine}`],
    ['a page to go on with', 'continue=abc&timeoutSeconds=1'],
    ['a selector that is none', `labelSelector=a%3D%3D%3Db&timeoutSeconds=1`],
  ])
    note(`watch: ${title}`, events(await watch(query)))
  for (const [title, query] of [
    ['a match without a version', 'resourceVersionMatch=NotOlderThan'],
    ['an exact version', `resourceVersionMatch=Exact&resourceVersion=${from}&${mine}`],
    ['exactly any version', 'resourceVersionMatch=Exact&resourceVersion=0'],
    ['an unknown match', `resourceVersionMatch=Around&resourceVersion=${from}`],
    ['initial events of a list', 'sendInitialEvents=true'],
    ['a page to go on with that is none', 'continue=abc'],
  ])
    note(
      `list: ${title}`,
      (({ status, body }) => ({
        status,
        kind: body.kind,
        data: body.items?.map((i) => i.data),
        reason: body.reason,
        message: said(body.message),
      }))(await server.admin('GET', `${maps}?${query}`)),
    )
  const table = list(
    await watch(`resourceVersion=${from}&timeoutSeconds=1&${mine}`, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }),
  )
  note('as a table', {
    events: table.map((e) => ({
      type: e.type,
      kind: e.object.kind,
      columns: e.object.columnDefinitions?.map((c) => c.name) ?? null,
      cells: e.object.rows?.map((row) => row.cells.slice(0, 2)),
    })),
  })
  const meta = list(
    await watch(`resourceVersion=${from}&timeoutSeconds=1&${mine}`, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    }),
  )
  note('as metadata', {
    events: meta.map((e) => ({ type: e.type, kind: e.object.kind, apiVersion: e.object.apiVersion, data: e.object.data ?? null })),
  })
  note(
    'by the older path',
    events(await server.admin('GET', `/api/v1/watch${ns.slice('/api/v1'.length)}/configmaps/m?resourceVersion=${from}&timeoutSeconds=1`)),
  )
  await viewer('a stranger watches', 'GET', `${maps}?watch=1&timeoutSeconds=1`)
  const gone = watch(`resourceVersion=${from}&timeoutSeconds=5&${mine}`, { until: (t) => t.includes('DELETED') })
  await server.admin('DELETE', `${maps}/m`)
  note('deleted with its last state', { events: list(await gone).map((e) => [e.type, e.object.data]) })
}
