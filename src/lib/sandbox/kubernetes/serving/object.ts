import { answersWithObject } from '../registry.ts'
import { badRequest, methodNotAllowed } from '../status.ts'
import { objectBody, readBody, readYaml } from './body.ts'
import type { Call } from './call.ts'
import { deleteBody, preserved, remove } from './delete-request.ts'
import { deleteOptions, writeOptions } from './options.ts'
import { patchBody, patchTypeOf } from './patch-request.ts'
import { answer } from './responses.ts'
import { show, showResult } from './show.ts'

/** Reads, replaces, patches and deletes one object, or its status. */
export async function object(call: Call, name: string): Promise<void> {
  const { serving, request, resource, info } = call
  const { registry } = serving
  const { query, namespace } = info
  const sub = info.subresource === undefined ? {} : { subresource: info.subresource }
  const method = request.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return show(call, 200, registry.get(resource, namespace, name))
  if (method === 'PUT') {
    const text = await readBody(request)
    const write = { ...writeOptions('UpdateOptions', query, request.headers), ...sub }
    return showResult(call, registry.update(resource, namespace, name, objectBody(text, request.headers['content-type'], resource), write))
  }
  if (method === 'PATCH') {
    const text = await readBody(request)
    const type = patchTypeOf(request)
    const write = { ...writeOptions('PatchOptions', query, request.headers, type === 'apply'), ...sub }
    const { value, doubled } = type === 'apply' ? readYaml(text) : { value: patchBody(text, type), doubled: [] }
    if (doubled.length > 0 && write.fieldValidation === 'Strict')
      throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${doubled.join('\n  ')}`)
    const result = registry.patch(resource, namespace, name, type, value, write)
    const said = write.fieldValidation === 'Warn' ? doubled : []
    return showResult(call, { ...result, warnings: [...said, ...result.warnings] })
  }
  if (method !== 'DELETE' || info.subresource !== undefined) throw methodNotAllowed()
  const deletion = deleteOptions(query, await deleteBody(request))
  const before = registry.get(resource, namespace, name)
  const { object: after, gone } = remove(call, before, deletion)
  const warnings = resource.kind === 'Job' && deletion.propagationPolicy === undefined ? [preserved] : []
  if (!gone || answersWithObject(resource)) return show(call, 200, after, warnings)
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.resource, uid: before.metadata.uid }
  answer(call.response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }, { warnings })
}
