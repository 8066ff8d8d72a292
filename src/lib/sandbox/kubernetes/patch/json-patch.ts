import { applyPatch, type Operation } from 'rfc6902'
import { copy, isJson, type Json } from '../schema/json.ts'
import { badRequest, rejected, StatusError } from '../status.ts'

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const maxOperations = 10_000

/** RFC 6902, all or nothing. */
export function jsonPatch(target: Json, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${isJson(patch) ? 'object' : typeof patch} into Go value of type []handlers.jsonPatchOp`,
    )
  if (patch.length > maxOperations)
    throw new StatusError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
      {},
    )
  for (const step of patch) {
    if (
      !isJson(step) ||
      typeof step['op'] !== 'string' ||
      !operations.has(step['op']) ||
      typeof step['path'] !== 'string' ||
      !/^(\/|$)/.test(step['path'])
    )
      throw rejected()
    if (/^(move|copy)$/.test(step['op']) && typeof step['from'] !== 'string') throw rejected()
    // Taking away or putting in place the whole object is no patch of it, and prototypes are no fields.
    if (/\/(__proto__|constructor|prototype)(\/|$)/.test(`${step['path']}${String(step['from'] ?? '')}`)) throw rejected()
  }
  const document = { root: copy(target) }
  const steps = copy(patch).map((step: Json) => ({
    ...step,
    path: `/root${String(step['path'])}`,
    ...('from' in step ? { from: `/root${String(step['from'])}` } : {}),
  }))
  if (applyPatch(document, steps as unknown as Operation[]).some((error) => error !== null)) throw rejected()
  return document.root
}
