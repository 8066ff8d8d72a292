import { review } from '../access/reviews.ts'
import { methodNotAllowed } from '../status.ts'
import { stored } from '../writing/forms.ts'
import { objectBody, readBody } from './body.ts'
import type { Call } from './call.ts'
import { deleteBody, remove } from './delete-request.ts'
import { page, selection } from './list.ts'
import { formOf } from './negotiation.ts'
import { deleteOptions, writeOptions } from './options.ts'
import { answer } from './responses.ts'
import { showList, showResult } from './show.ts'
import { streamWatch } from './stream.ts'

/** Lists, watches, creates, deletes many. */
export async function collection(call: Call): Promise<void> {
  const { serving, request, resource, info } = call
  const { query, namespace } = info
  const method = request.method ?? 'GET'
  const verb = info.attributes.verb
  if (!resource.verbs.includes(verb)) throw methodNotAllowed()
  if (verb === 'watch')
    return streamWatch(
      serving,
      resource,
      namespace,
      query,
      formOf(request.headers.accept?.replace(/;stream=watch/g, '')).form,
      call.response,
    )
  if (method === 'GET' || method === 'HEAD') return showList(call, page(serving.store, resource, namespace, query))
  if (method === 'POST') {
    const text = await readBody(request)
    const write = writeOptions('CreateOptions', query, request.headers)
    const body = objectBody(text, request.headers['content-type'], resource)
    formOf(request.headers.accept)
    if (!resource.verbs.includes('get'))
      return answer(call.response, 201, review(serving.store, call.user, resource, body, write.manager, serving.now(), namespace))
    return showResult(call, serving.registry.create(resource, namespace, body, write))
  }
  if (method !== 'DELETE') throw methodNotAllowed()
  const deletion = deleteOptions(query, await deleteBody(request))
  const chosen = serving.store.list(stored(resource), namespace).filter(selection(resource, query))
  const version = String(serving.store.version())
  const items = chosen.map((object) => remove(call, object, deletion).object)
  showList(call, { items, resourceVersion: version })
}
