import type { ServerResponse } from 'node:http'
import type { Resource } from '../resources.ts'
import type { Store } from '../store.ts'
import type { KubeObject } from '../types.ts'
import { present, stored } from '../writing/forms.ts'
import { watchOptions } from './list-options.ts'
import type { Form } from './negotiation.ts'
import { partial, table } from './table.ts'
import { bookmarkOf, type WatchEvent, watch } from './watch.ts'

const bookmarkEvery = 60_000
/** Seconds before the end that the client asked for. */
const bookmarkBefore = 2

/** Streams a watch, one JSON object a line, until its timeout, the client's leaving or a restore of the store. */
export function streamWatch(
  serving: { readonly store: Store; readonly now: () => string },
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams,
  form: Form,
  response: ServerResponse,
): void {
  const { timeoutSeconds, bookmarks } = watchOptions(query)
  const limit = timeoutSeconds > 0 ? Math.min(timeoutSeconds, 86_400) : 1800 + Math.random() * 1800
  let started = false
  let rows = 0
  const early: WatchEvent[] = []
  const write = ({ type, object }: WatchEvent) => {
    if (response.writableEnded || response.destroyed) return
    response.write(`${JSON.stringify({ type, object: type === 'ERROR' ? object : shaped(type, object as KubeObject) })}\n`)
    if (type === 'ERROR') end()
  }
  const shaped = (type: string, object: KubeObject): unknown => {
    if (form === 'table' && type !== 'BOOKMARK')
      return table(
        stored(resource),
        [object],
        { resourceVersion: object.metadata.resourceVersion },
        query.get('includeObject'),
        Date.parse(serving.now()),
        rows++ === 0,
      )
    const whole = present(resource, object)
    return form === 'metadata' && type !== 'BOOKMARK' ? partial(whole) : whole
  }
  // The subscription may refuse the query: nothing may have been written by then.
  const stop = watch(serving.store, resource, namespace, query, (event) => (started ? write(event) : void early.push(event)))
  const forget = serving.store.onRestore(() => end())
  const timer = setTimeout(() => end(), limit * 1000)
  const mark = () => write(bookmarkOf(resource, serving.store.version()))
  const every = bookmarks ? setInterval(mark, bookmarkEvery) : undefined
  // Once more just before the end, so that whoever watches on begins there.
  const last = bookmarks && limit > bookmarkBefore ? setTimeout(mark, (limit - bookmarkBefore) * 1000) : undefined
  function end() {
    stop()
    forget()
    clearTimeout(timer)
    clearTimeout(last)
    clearInterval(every)
    response.end()
  }
  response.on('close', end)
  response.writeHead(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()
  started = true
  for (const event of early) write(event)
}
