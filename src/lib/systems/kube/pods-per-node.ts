import type { Pod } from '../../kube-objects.ts'
import { pathOf } from './kinds.ts'
import type { KubeClient } from './request.ts'
import { isOfKind } from './shape.ts'

/** What kubectl's table has of a list, without the objects: a tenth of what they take over the wire. */
interface Table {
  readonly kind: 'Table'
  readonly columnDefinitions?: readonly { readonly name: string }[] | null
  readonly rows?: readonly { readonly cells: readonly unknown[] }[] | null
}

interface Pods {
  readonly items?: readonly Pod[] | null
}

const path = `${pathOf('Pod')}?${new URLSearchParams({
  fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
  includeObject: 'None',
})}`
const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

const isTable = (value: unknown): value is Table => (value as Partial<Table>).kind === 'Table'
const columnOf = ({ columnDefinitions }: Table): number => (columnDefinitions ?? []).findIndex(({ name }) => name === 'Node')
const hasPods = (value: unknown): value is Pods => {
  const { items } = value as Partial<Pods>
  return items === null || (Array.isArray(items) && items.every((one) => isOfKind('Pod', one)))
}
/** A table without a pod may come without columns too. */
const isAnswer = (value: unknown): boolean =>
  isTable(value) ? (value.rows ?? []).length === 0 || columnOf(value) >= 0 : typeof value === 'object' && value !== null && hasPods(value)

/** How many pods that have not ended each node holds, by its name. A server that makes no tables gives the pods. */
export const podsPerNode = async (client: KubeClient): Promise<ReadonlyMap<string, number>> => {
  const found = await client.get<Table | Pods>(path, isAnswer, accept)
  const counts = new Map<string, number>()
  const count = (node: unknown) => {
    if (typeof node === 'string' && node !== '<none>') counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  if (found === undefined) return counts
  if (isTable(found)) {
    const column = columnOf(found)
    for (const { cells } of found.rows ?? []) count(cells[column])
  } else for (const { spec } of found.items ?? []) count(spec.nodeName)
  return counts
}
