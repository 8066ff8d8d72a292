import { DecodeError } from '../decoding.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMerge } from '../patch/strategic-merge.ts'
import type { Resource } from '../resources.ts'
import { goValue } from '../schema/go-value.ts'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest, invalid, invalidValue, notFound } from '../status.ts'
import { apply } from './apply.ts'
import { present, stored } from './forms.ts'
import { read, sameIdentity, typed } from './reading.ts'
import { replace } from './replace.ts'
import type { PatchType, Result, Write, Writing } from './requests.ts'

/** PATCH in its four forms. */
export function patch(
  writing: Writing,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  type: PatchType,
  body: unknown,
  write: Write & { readonly force?: boolean },
): Result {
  const live = writing.store.get(stored(resource), resource.namespaced ? namespace : undefined, name)
  if (type === 'apply') return apply(writing, resource, namespace, name, live, body, write)
  if (!live) throw notFound(resource, name)
  const target = present(resource, live) as unknown as Json
  if (type === 'strategic' && !isJson(body))
    throw badRequest('error decoding patch: json: cannot unmarshal value into Go value of type map[string]interface {}')
  const patched =
    type === 'json' ? jsonPatch(target, body) : type === 'merge' ? mergePatch(target, body) : strategicMerge(typed(resource), target, body)
  if (!isJson(patched)) throw badRequest('the object provided is unrecognized (must be an object)')
  const { object: wanted, warnings } = decodingPatch(type, patched, body, () => read(resource, patched, write))
  sameIdentity(wanted, namespace, name)
  if (wanted.metadata.uid !== live.metadata.uid) {
    const cause = invalidValue('metadata.uid', wanted.metadata.uid ?? '', 'field is immutable')
    throw invalid(resource, name, [cause, cause])
  }
  return replace(writing, resource, live, wanted, write, warnings)
}

function decodingPatch<T>(type: PatchType, patched: Json, body: unknown, from: () => T): T {
  try {
    return from()
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const strategic = type === 'strategic'
    throw invalid({ group: '', kind: '' }, '', [
      invalidValue(
        'patch',
        strategic ? goValue(body) : JSON.stringify(patched),
        strategic && error.kind ? `unrecognized type: ${error.kind}` : error.message,
      ),
    ])
  }
}
