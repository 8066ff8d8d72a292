import type { IncomingMessage } from 'node:http'
import { parseDocument, type YAMLParseError } from 'yaml'
import { groupVersion, type Resource, resourceOf } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest, StatusError } from '../status.ts'
import { fromProtobuf } from './protobuf.ts'

const limit = 3 * 1024 * 1024

const others = new Set(['DeleteOptions', 'Eviction', 'Scale', 'Binding'])
const typeNamed = (apiVersion: string, kind: string) => resourceOf(apiVersion, kind)?.type ?? (others.has(kind) ? kind : undefined)

/** The whole body; 413 beyond 3 MiB, as the API server says it. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > limit) throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`, {})
    chunks.push(bytes)
  }
  const body = Buffer.concat(chunks)
  // kubectl's typed commands send protobuf: from here on it is JSON like any other.
  return /protobuf/.test(request.headers['content-type'] ?? '') && body.length > 0
    ? JSON.stringify(fromProtobuf(body, typeNamed))
    : body.toString()
}

/** What Go's parser says of a text that is no JSON. */
function parseError(text: string): string {
  const first = text.trim()[0]
  return first === undefined || /[[{"]/.test(first)
    ? 'unexpected end of JSON input'
    : `invalid character '${first}' looking for beginning of value`
}

// Deep enough for any object, shallow enough for a recursive reader.
const maxDepth = 200
function checkDepth(value: unknown, depth = 0): void {
  if (depth > maxDepth) throw badRequest('exceeded max depth')
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) checkDepth(inner, depth + 1)
}

export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  checkDepth(value)
  return value
}

/** What a text in YAML holds. A key that stands there twice counts as its last, and is told of in `doubled`. */
export function readYaml(text: string): { readonly value: unknown; readonly doubled: readonly string[] } {
  const document = parseDocument(text)
  const twice = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  const [wrong] = document.errors.filter((error) => !twice.includes(error))
  const line = (error: YAMLParseError | undefined) => error?.linePos?.[0].line ?? 1
  const failed = (words: string) => badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${words}`)
  if (wrong?.code === 'TAB_AS_INDENT') throw failed(`line ${line(wrong)}: found character that cannot start any token`)
  if (wrong) throw failed(wrong.message.split('\n')[0] ?? '')
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 20 })
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error))
  }
  checkDepth(value)
  const key = (at: number) => /^[^:\s]+/.exec(text.slice(at))?.[0]?.replace(/^["']|["']$/g, '') ?? ''
  return { value, doubled: twice.map((error) => `line ${line(error)}: key ${JSON.stringify(key(error.pos[0]))} already set in map`) }
}
export const parseYamlBody = (text: string): unknown => readYaml(text).value

const scheme = 'pkg/api/legacyscheme/scheme.go:30'

/** A body that is to be an object of the resource's kind; what has no kind is taken for one. `known`: the scheme that the server looks kinds up in. */
export function objectBody(
  text: string,
  contentType: string | undefined,
  resource: Pick<Resource, 'group' | 'version' | 'kind'>,
  known = scheme,
): Json {
  const yaml = /yaml/.test(contentType ?? '')
  if (/cbor/.test(contentType ?? ''))
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
      {},
    )
  const value = yaml ? parseYamlBody(text) : parseJson(text)
  if (value === undefined || value === null)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: ${parseError(text)} (${shortened(text)})`,
    )
  if (!isJson(value))
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${shortened(text)})`,
    )
  const kind = value['kind'] ?? resource.kind
  const apiVersion = value['apiVersion'] ?? groupVersion(resource)
  if (kind !== resource.kind || apiVersion !== groupVersion(resource)) {
    const [version = ''] = String(apiVersion).split('/').reverse()
    if (!resourceOf(String(apiVersion), String(kind)))
      throw badRequest(
        `${String(kind)} in version "${version}" cannot be handled as a ${resource.kind}: no kind "${String(kind)}" is registered for version "${String(apiVersion)}" in scheme "${known}"`,
      )
    const internal = resource.group === '' ? 'core' : (resource.group.split('.')[0] ?? '')
    throw badRequest(
      `${String(kind)} in version "${version}" cannot be handled as a ${resource.kind}: converting (${version}.${String(kind)}) to (${internal}.${resource.kind}): unknown conversion`,
    )
  }
  return value
}
const shortened = (text: string) => (text.length > 1024 ? `${text.slice(0, 1024)} [truncated]` : text)
