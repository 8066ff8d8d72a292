import { groupVersion, type Resource } from '../resources.ts'
import type { Json } from '../schema/json.ts'
import type { KubeObject } from '../types.ts'
import { present, stored } from '../writing/forms.ts'
import type { Result } from '../writing/requests.ts'
import type { Call } from './call.ts'
import { type Form, formOf } from './negotiation.ts'
import { answer } from './responses.ts'
import { partial, table } from './table.ts'

const lists = (resource: Resource) => ({ kind: `${resource.kind}List`, apiVersion: groupVersion(resource) })

/** Answers with an object in the form that the client prefers. */
export function show(call: Call, code: number, object: KubeObject, warnings: readonly string[] = []): void {
  const { form, yaml } = formOf(call.request.headers.accept)
  const whole = present(call.resource, object)
  const body =
    form === 'table'
      ? table(
          stored(call.resource),
          [object],
          { resourceVersion: object.metadata.resourceVersion },
          call.info.query.get('includeObject'),
          Date.parse(call.serving.now()),
        )
      : form === 'metadata'
        ? partial(whole)
        : whole
  answer(call.response, code, body, { warnings, yaml })
}
export const showResult = (call: Call, { object, warnings, created }: Result) => show(call, created ? 201 : 200, object, warnings)

/** Answers with a list, likewise. */
export function showList(
  call: Call,
  found: {
    readonly items: readonly KubeObject[]
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  },
): void {
  const { form, yaml } = formOf(call.request.headers.accept)
  const { items, ...metadata } = found
  answer(call.response, 200, form === 'table' ? rows(call, items, metadata) : plain(call, form, items, metadata), { yaml })
}

const rows = ({ resource, info, serving }: Call, items: readonly KubeObject[], metadata: Json): Json =>
  table(stored(resource), items, metadata, info.query.get('includeObject'), Date.parse(serving.now()))

function plain({ resource }: Call, form: Form, items: readonly KubeObject[], metadata: Json): Json {
  const shown = items.map((object) => present(resource, object))
  if (form === 'metadata') return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: shown.map(partial) }
  return { ...lists(resource), metadata, items: shown.map(({ kind: _, apiVersion: __, ...rest }) => rest) }
}
