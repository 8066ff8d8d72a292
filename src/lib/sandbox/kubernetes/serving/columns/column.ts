import { isJson, type Json } from '../../schema/json.ts'
import { selectorText } from '../../selectors.ts'
import type { KubeObject } from '../../types.ts'

/** A column of a kind's table: what it is called, what it means, what stands in it. Priority 1 shows with `-o wide` only. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly description: string
  readonly wide?: boolean
  readonly cell: (object: KubeObject, age: (time: unknown) => string) => string | number | null
}

export const object = (value: unknown): Json => (isJson(value) ? value : {})
export const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : [])
export const spec = (o: KubeObject) => object(o['spec'])
export const status = (o: KubeObject) => object(o['status'])
export const text = (value: unknown) => String(value ?? '')
export const count = (value: unknown) => Number(value ?? 0)
export const orNone = (value: unknown) => (value === undefined || value === null || value === '' ? '<none>' : String(value))

export type Cell = Column['cell']
export const column = (name: string, cell: Cell, description = '', extra: { wide?: boolean; type?: Column['type'] } = {}): Column => ({
  name,
  type: extra.type ?? 'string',
  description,
  cell,
  ...(extra.wide ? { wide: true } : {}),
})
export const wide = (name: string, cell: Cell, description = '') => column(name, cell, description, { wide: true })
export const integer = (name: string, cell: Cell, description = '') => column(name, cell, description, { type: 'integer' })

export const name = column(
  'Name',
  (o) => o.metadata.name,
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
)
const created =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'
export const age = column('Age', (o, since) => since(o.metadata.creationTimestamp), created)
export const createdAt = column('Created At', (o) => text(o.metadata.creationTimestamp), created, { type: 'date' })

export const selector = (description: string) => wide('Selector', (o) => selectorText(spec(o)['selector']) || '<none>', description)
