import type { IncomingMessage } from 'node:http'
import { isJson } from '../schema/json.ts'
import { badRequest, StatusError } from '../status.ts'
import type { PatchType } from '../writing/requests.ts'
import { parseJson, parseYamlBody } from './body.ts'

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
  'application/apply-patch+json': 'apply',
}

/** Which of the four patches a request brings, by its content type. */
export function patchTypeOf(request: IncomingMessage): PatchType {
  const type = patchTypes[(request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '']
  if (!type) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  return type
}

export function patchBody(text: string, type: PatchType): unknown {
  if (type === 'apply') return parseYamlBody(text)
  const body = parseJson(text)
  if (body === undefined) throw badRequest('error decoding patch: unexpected end of JSON input')
  if (type !== 'json' && !isJson(body))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`,
    )
  return body
}
