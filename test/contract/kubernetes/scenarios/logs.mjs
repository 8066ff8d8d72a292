// Logs: which questions are refused, and what each limit does to the same log. The lines themselves are the container's own: at least two are needed.
import { pod, poll } from '../objects.mjs'
export default async ({ call, viewer, note, ns, server }) => {
  await server.admin('POST', `${ns}/pods`, { body: pod('speaks') })
  await poll(server, `${ns}/pods/speaks`, (r) => r.body.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
  const log = (query) => server.admin('GET', `${ns}/pods/speaks/log${query}`)
  for (const [title, query] of [
    ['fewer than no lines', '?tailLines=-1'],
    ['lines that are no number', '?tailLines=ten'],
    ['no bytes', '?limitBytes=0'],
    ['since no seconds', '?sinceSeconds=0'],
    ['since both', '?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z'],
    ['since what is no time', '?sinceTime=yesterday'],
    ['of a container that is not there', '?container=none'],
    ['of what is no stream', '?stream=Stdlog'],
    ['of one stream, and its last lines', '?stream=Stdout&tailLines=1'],
    ['since before and fewer than no lines', '?sinceSeconds=-5&tailLines=-2'],
  ])
    await call(title, 'GET', `${ns}/pods/speaks/log${query}`)
  await call('of a pod that is not there', 'GET', `${ns}/pods/none/log`)
  await viewer('a stranger reads', 'GET', `${ns}/pods/speaks/log`)
  await server.admin('POST', `${ns}/pods`, {
    body: pod('two', {
      containers: [
        { name: 'a', image: 'registry.test/a:1' },
        { name: 'b', image: 'registry.test/b:1' },
      ],
      initContainers: [],
    }),
  })
  await poll(server, `${ns}/pods/two`, (r) => r.body.status?.phase === 'Running')
  await call('of two containers, and none named', 'GET', `${ns}/pods/two/log`)
  await server.admin('POST', `${ns}/pods`, { body: pod('nowhere', { nodeSelector: { none: 'none' } }) })
  await call('of a pod on no node', 'GET', `${ns}/pods/nowhere/log`)
  await call('written', 'POST', `${ns}/pods/speaks/log`, { body: {} })
  const all = await log('')
  const lines = String(all.body).split('\n').filter(Boolean)
  note('all of it', {
    status: all.status,
    headers: all.headers,
    enough: lines.length >= 2,
    endsWithNewline: String(all.body).endsWith('\n'),
  })
  const kept = (r) => String(r.body).split('\n').filter(Boolean)
  note('the last line', { status: (await log('?tailLines=1')).status, is: kept(await log('?tailLines=1')).join('\n') === lines.at(-1) })
  note('no lines', { status: (await log('?tailLines=0')).status, lines: kept(await log('?tailLines=0')).length })
  note('more lines than there are', { all: kept(await log('?tailLines=1000')).length === lines.length })
  note('a few bytes', {
    length: String((await log('?limitBytes=5')).body).length,
    start: String(all.body).startsWith(String((await log('?limitBytes=5')).body)),
  })
  note('the last lines, then a few bytes of them', {
    length: String((await log('?tailLines=1&limitBytes=5')).body).length,
    start: lines.at(-1).startsWith(String((await log('?tailLines=1&limitBytes=5')).body)),
  })
  const stamped = kept(await log('?timestamps=true'))
  note('with times', {
    each: stamped.every((l) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) /.test(l)),
    rest: stamped.map((l) => l.replace(/^\S+ /, '')).join('\n') === lines.join('\n'),
  })
  note('since long before', { all: kept(await log('?sinceTime=2000-01-01T00:00:00Z')).length === lines.length })
  note('since tomorrow', {
    status: (await log('?sinceTime=2099-01-01T00:00:00Z')).status,
    lines: kept(await log('?sinceTime=2099-01-01T00:00:00Z')).length,
  })
}
