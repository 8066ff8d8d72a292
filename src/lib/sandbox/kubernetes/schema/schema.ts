import { apps } from './apps.ts'
import { autoscaling } from './autoscaling.ts'
import { batch } from './batch.ts'
import { coordination } from './coordination.ts'
import { core } from './core.ts'
import { discovery } from './discovery.ts'
import { events } from './events.ts'
import { meta } from './meta.ts'
import { networking } from './networking.ts'
import { own } from './own.ts'
import { policy } from './policy.ts'
import { rbac } from './rbac.ts'
import { storage } from './storage.ts'

type ScalarName =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'int-or-string'
  | 'fields'
  | 'any'

/**
 * What a value may be, and how two values of it are merged. `keys` make a list a map of its items, `set` a set of its values; a list with
 * neither, and whatever is `atomic`, has one owner and is replaced whole.
 */
export type Type =
  | { readonly of: 'scalar'; readonly name: ScalarName }
  | { readonly of: 'struct'; readonly name: string; readonly atomic: boolean; readonly fields: ReadonlyMap<string, Type> }
  | { readonly of: 'map'; readonly element: Type; readonly atomic: boolean }
  | { readonly of: 'list'; readonly element: Type; readonly keys?: readonly string[]; readonly set: boolean; readonly atomic: boolean }

export type Struct = Extract<Type, { of: 'struct' }>

const scalars = new Set<string>([
  'string',
  'int32',
  'int64',
  'double',
  'boolean',
  'bytes',
  'time',
  'microtime',
  'quantity',
  'int-or-string',
  'fields',
  'any',
])
const definitions = new Map<string, { atomic: boolean; lines: readonly string[] }>()
const parsed = new Map<string, Struct>()

// A type is a line at the margin with its fields below it. `[T]` is a list, `[T] by k` a list with merge keys, `[T] set` a set, `{T}` a map; `atomic` makes
// a struct or a map one value.
for (const text of [meta, core, apps, autoscaling, batch, policy, coordination, events, rbac, networking, storage, discovery, own])
  for (const block of text.trim().split(/\n(?=\S)/)) {
    const [head = '', ...lines] = block.split('\n')
    const [name = '', atomic] = head.split(' ')
    definitions.set(name, { atomic: atomic === 'atomic', lines })
  }

/** The struct of that name; fields are read on first use, so that a start pays only for the kinds it touches. */
export function struct(name: string): Struct {
  const known = parsed.get(name)
  if (known) return known
  const definition = definitions.get(name)
  if (!definition) throw new Error(`no type ${name}`)
  const fields = new Map<string, Type>()
  const type: Struct = { of: 'struct', name, atomic: definition.atomic, fields }
  parsed.set(name, type)
  for (const line of definition.lines) {
    const [, field = '', rest = ''] = /^ {2}(\S+) (.*)$/.exec(line) ?? []
    fields.set(field, parse(rest))
  }
  return type
}

function parse(text: string): Type {
  const list = /^\[(.*)\](?: by (\S+)| (set))?$/.exec(text)
  if (list) {
    const keys = list[2]?.split(',')
    return {
      of: 'list',
      element: parse(list[1] ?? ''),
      set: list[3] === 'set',
      atomic: !keys && list[3] !== 'set',
      ...(keys ? { keys } : {}),
    }
  }
  const map = /^\{(.*)\}( atomic)?$/.exec(text)
  if (map) return { of: 'map', element: parse(map[1] ?? ''), atomic: map[2] !== undefined }
  const [name = '', atomic] = text.split(' ')
  if (scalars.has(name)) return { of: 'scalar', name: name as ScalarName }
  return atomic ? { ...struct(name), atomic: true } : struct(name)
}

/** Keys that tell an item of a list: a Go default stands in for one that is absent. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: 'TCP' }
export const itemKey = (item: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    [...keys].sort().flatMap((key) => ((item[key] ?? keyDefaults[key]) === undefined ? [] : [[key, item[key] ?? keyDefaults[key]]])),
  )
