import type { Resource } from '../resources.ts'
import type { Json } from '../schema/json.ts'
import type { KubeObject } from '../types.ts'
import { humanDuration } from './columns/duration.ts'
import { columnsOf } from './columns.ts'

export const partial = (object: KubeObject): Json => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
})

/** Objects as rows for people. `include` is the query's `includeObject`: Metadata (by default), Object or None. */
export function table(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: Json,
  include: string | null,
  now: number,
  headers = true,
): Json {
  const columns = columnsOf(resource.kind)
  const age = (time: unknown) => (typeof time === 'string' ? humanDuration(now - Date.parse(time)) : '<unknown>')
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headers
      ? columns.map(({ name, type, description, wide }) => ({
          name,
          type,
          format: name === 'Name' ? 'name' : '',
          description,
          priority: wide ? 1 : 0,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, age)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  }
}
