import type { NeonRequest } from './client.ts'
import { noResult } from './trouble.ts'
import type { NeonBranch, NeonReader } from './types.ts'

const perPage = 1000
/** Against something that ignores the cursor it would never end. */
const maxPages = 20

interface Listed {
  readonly branches?: readonly {
    readonly id: string
    readonly name: string
    readonly parent_id?: string
    readonly current_state: string
    readonly created_at: string
  }[]
  readonly pagination?: { readonly next?: string }
}

interface Endpoints {
  readonly endpoints?: readonly { readonly id: string; readonly branch_id: string }[]
}

/** The reading half: see `NeonReader`. */
export const readNeon = (send: (request: NeonRequest) => Promise<unknown>, project: string): Omit<NeonReader, 'lacking'> => ({
  branches: async () => {
    const all = new Map<string, NeonBranch>()
    let cursor: string | undefined
    for (let page = 0; page < maxPages; page++) {
      const query = new URLSearchParams({ limit: String(perPage), ...(cursor !== undefined && { cursor }) })
      const { branches, pagination } = ((await send({ doing: listing, path: `/projects/${project}/branches?${query}` })) ?? {}) as Listed
      if (!Array.isArray(branches) || !branches.every(isBranch)) throw noResult(listing)
      const before = all.size
      for (const { id, name, parent_id: parent, current_state: state, created_at: createdAt } of branches as NonNullable<
        Listed['branches']
      >)
        all.set(id, { id, name, parent, state, createdAt })
      cursor = pagination?.next
      if (cursor === undefined || cursor === '' || all.size === before) break
    }
    return [...all.values()]
  },
  branchOf: async (host) => {
    const { endpoints } = ((await send({ doing: computes, path: `/projects/${project}/endpoints` })) ?? {}) as Endpoints
    if (!Array.isArray(endpoints)) throw noResult(computes)
    // A host begins with its compute's id, with "-pooler" after it where it is the pooled one.
    const id = host.split('.')[0]?.replace(/-pooler$/, '')
    return (endpoints as NonNullable<Endpoints['endpoints']>).find((one) => one.id === id)?.branch_id
  },
})

const isBranch = ({ id, name, current_state, created_at }: Partial<NonNullable<Listed['branches']>[number]>): boolean =>
  [id, name, current_state].every((one) => typeof one === 'string') && !Number.isNaN(Date.parse(created_at ?? ''))

const listing = 'list the branches'
const computes = 'list the computes'
