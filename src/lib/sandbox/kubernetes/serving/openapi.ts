import { createHash } from 'node:crypto'
import { groupVersion, type Resource, resources } from '../resources.ts'
import { valuesOf } from '../schema/enumerations.ts'
import type { Json } from '../schema/json.ts'
import { struct, type Type } from '../schema/schema.ts'
import { descriptionOf } from './descriptions.ts'

const scalars: Readonly<Record<string, Json>> = {
  string: { type: 'string' },
  quantity: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  'int-or-string': { type: 'string', format: 'int-or-string' },
  fields: { type: 'object' },
  any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
}

/** The scalars that version 3 knows by names of their own. */
const namedScalars: Readonly<Record<string, readonly [string, Json]>> = {
  quantity: ['io.k8s.apimachinery.pkg.api.resource.Quantity', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  'int-or-string': [
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  ],
  fields: ['io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', { type: 'object' }],
}
const version3 = '#/components/schemas/'

const group = ({ group: of }: Resource) => (of === '' ? 'core' : (of.split('.')[0] ?? of))
const modelOf = (resource: Resource) => `io.k8s.api.${group(resource)}.${resource.version}.${resource.kind}`
const modelNamed = (name: string) => `io.k8s.api.types.v1.${name}`

/** The schema of a type, in terms of other models, which are collected by name. */
function schema(type: Type, models: Map<string, Json>, at: string): Json {
  switch (type.of) {
    case 'scalar': {
      const named = at === version3 ? namedScalars[type.name] : undefined
      if (!named) return scalars[type.name] ?? {}
      models.set(...named)
      return { $ref: `${at}${named[0]}` }
    }
    case 'map':
      return {
        type: 'object',
        additionalProperties: schema(type.element, models, at),
        ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      }
    case 'list': {
      const kind = type.keys
        ? {
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': type.keys,
            'x-kubernetes-patch-merge-key': type.keys[0],
            'x-kubernetes-patch-strategy': 'merge',
          }
        : { 'x-kubernetes-list-type': type.set ? 'set' : 'atomic' }
      return { type: 'array', items: schema(type.element, models, at), ...kind }
    }
    case 'struct': {
      const name = modelNamed(type.name)
      if (!models.has(name)) {
        models.set(name, {})
        models.set(name, model(type.name, models, at))
      }
      return { $ref: `${at}${name}` }
    }
  }
}

/** With the only values that it takes, each of its items where it is a list. */
function enumerated(type: string, field: string, inner: Json): Json {
  const values = valuesOf(type, field)
  if (values === undefined) return inner
  return inner['type'] === 'array' ? { ...inner, items: { ...(inner['items'] as Json), enum: values } } : { ...inner, enum: values }
}

function model(name: string, models: Map<string, Json>, at: string): Json {
  const type = struct(name)
  const { text, fields, required } = descriptionOf(name)
  const described = (field: string, inner: Json): Json => {
    const description = fields.get(field)
    if (description === undefined) return inner
    return inner['$ref'] === undefined ? { description, ...inner } : { description, allOf: [inner] }
  }
  const needed = required.filter((field) => type.fields.has(field))
  return {
    ...(text === undefined ? {} : { description: text }),
    type: 'object',
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    properties: Object.fromEntries(
      [...type.fields].map(([field, inner]) => [field, described(field, enumerated(name, field, schema(inner, models, at)))]),
    ),
  }
}

const parameter = (name: string, type = 'string') => ({ name, in: 'query', schema: { type, uniqueItems: true } })
const writing = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')]

function paths(resource: Resource): Json {
  const gvk = { group: resource.group, version: resource.version, kind: resource.kind }
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${groupVersion(resource)}`
  const collection = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.resource}`
  const operation = (action: string, parameters: readonly Json[]) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters,
    responses: { '200': { description: 'OK' } },
  })
  const names = [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }]
  if (!resource.verbs.includes('get')) return { [collection]: { post: operation('post', writing) } }
  return {
    [collection]: {
      get: operation('list', []),
      post: operation('post', writing),
      delete: operation('deletecollection', [parameter('dryRun')]),
    },
    [`${collection}/{name}`]: {
      parameters: names,
      get: operation('get', []),
      put: operation('put', writing),
      patch: operation('patch', [...writing, parameter('force', 'boolean')]),
      delete: operation('delete', [parameter('dryRun')]),
    },
  }
}

const documents = new Map<string, Json>()

/** The OpenAPI v3 document of one group and version; undefined when there is none. */
export function openapi3(of: string, version: string): Json | undefined {
  const own = resources.filter((one) => one.group === of && one.version === version)
  if (own.length === 0) return undefined
  const key = `${of}/${version}`
  const known = documents.get(key)
  if (known) return known
  const models = new Map<string, Json>()
  const at = version3
  for (const resource of own) {
    const gvk = [{ group: resource.group, version: resource.version, kind: resource.kind }]
    models.set(modelOf(resource), { ...model(resource.type, models, at), 'x-kubernetes-group-version-kind': gvk })
  }
  const document = {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.assign({}, ...own.map(paths)),
    components: { schemas: Object.fromEntries(models) },
  }
  documents.set(key, document)
  return document
}

/** The index of the v3 documents. */
export function openapi3Index(): Json {
  const all = [...new Set(resources.map((one) => `${one.group}/${one.version}`))]
  return {
    paths: Object.fromEntries(
      all.map((key) => {
        const [of = '', version = ''] = key.split('/')
        const path = of === '' ? `api/${version}` : `apis/${key}`
        return [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${createHash('sha256').update(key).digest('hex').slice(0, 32).toUpperCase()}` },
        ]
      }),
    ),
  }
}

/** The OpenAPI v2 document: the same models under the older names. */
export function openapi2(): Json {
  const models = new Map<string, Json>()
  for (const resource of resources)
    models.set(modelOf(resource), {
      ...model(resource.type, models, '#/definitions/'),
      'x-kubernetes-group-version-kind': [{ group: resource.group, version: resource.version, kind: resource.kind }],
    })
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.34.6+k3s1' },
    paths: Object.assign({}, ...resources.map(paths)),
    definitions: Object.fromEntries(models),
  }
}
