import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from '../certificates.ts'
import { bornAt, neon as facts, hosts } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { serveHttps } from '../https-server.ts'

export interface SandboxBranch {
  readonly id: string
  readonly name: string
  readonly project_id: string
  readonly parent_id?: string
  current_state: 'init' | 'ready'
  readonly default: boolean
  readonly created_at: string
}

export interface NeonSandbox {
  readonly port: number
  readonly branches: SandboxBranch[]
  /** How many branches its plan allows. */
  limit: number
  /** The compute's id; another one is of another database. */
  compute: string
  /** How many more changes it refuses because another operation runs. */
  locked: number
  /** How many lists show a new branch before it is ready. */
  slow: number
  trouble: 'none' | 'reset' | 'silence' | 'server-error' | 'lost answer' | 'html' | 'no end'
  reset(): void
  stop(): Promise<void>
}

/** Neon's API for what is used of it: branches and computes of one project. */
export const startNeon = async (identity: Identity): Promise<NeonSandbox> => {
  const answer = ({ method = 'GET', url = '', headers }: IncomingMessage, body: string): Answer => {
    if (headers.authorization !== `Bearer ${planted.neonKey}`) return refuse(401, '', 'supplied credentials do not pass authentication')
    const { pathname, searchParams } = new URL(url, 'https://localhost')
    const [, project, what, id] = /^\/api\/v2\/projects\/([^/]+)\/(branches|endpoints)(?:\/([^/]+))?$/.exec(pathname) ?? []
    if (what === undefined) return refuse(404, '', 'this page does not exist')
    if (project !== facts.project) return refuse(404, '', 'project not found')
    if (what === 'endpoints') return [200, { endpoints: [{ id: state.compute, branch_id: facts.branch, type: 'read_write' }] }]
    if (method === 'GET') return list(searchParams)
    if (state.locked > 0) {
      state.locked--
      return refuse(423, '', 'project already has running conflicting operations, scheduling of new ones is prohibited')
    }
    return method === 'POST' ? create(JSON.parse(body)) : remove(id)
  }

  const list = (query: URLSearchParams): Answer => {
    const from = Number(query.get('cursor') ?? 0)
    const to = from + Number(query.get('limit') ?? 1000)
    if (state.slow > 0) state.slow--
    else for (const branch of state.branches) branch.current_state = 'ready'
    return [
      200,
      {
        branches: state.branches.slice(from, to),
        pagination: { ...(to < state.branches.length && { next: String(to) }), sort_by: 'updated_at' },
      },
    ]
  }

  const create = ({ branch = {} }: { readonly branch?: { readonly name?: string; readonly parent_id?: string } }): Answer => {
    const { name = randomUUID(), parent_id = facts.branch } = branch
    if (!state.branches.some((one) => one.id === parent_id)) return refuse(404, '', 'parent branch not found')
    if (state.branches.some((one) => one.name === name))
      return refuse(409, 'BRANCH_ALREADY_EXISTS', `branch with the provided name "${name}" already exists`)
    if (state.branches.length >= state.limit)
      return refuse(422, 'BRANCHES_LIMIT_EXCEEDED', `branches limit exceeded, limit: ${state.limit}`)
    const made = { ...branchOf(name), parent_id, current_state: 'init' as const }
    state.branches.push(made)
    return [201, { branch: made, endpoints: [], operations: [{ id: randomUUID(), action: 'create_branch', status: 'running' }] }]
  }

  const remove = (id: string | undefined): Answer => {
    const at = state.branches.findIndex((one) => one.id === id)
    const [found] = at < 0 ? [] : [state.branches[at]]
    if (found === undefined) return refuse(404, '', 'branch not found')
    if (found.default) return refuse(422, '', 'cannot delete the default branch')
    state.branches.splice(at, 1)
    return [200, { branch: found, operations: [] }]
  }

  const serve = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const [status, said] = state.trouble === 'server-error' ? refuse(503, '', 'service unavailable') : answer(request, body)
    if (state.trouble === 'lost answer' && request.method !== 'GET') return void request.socket.destroy()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  }

  const { port, stop } = await serveHttps(identity, () => state.trouble, serve)
  const state: NeonSandbox = { ...atFirst(), port, reset: () => void Object.assign(state, atFirst()), stop }
  return state
}

type Answer = readonly [status: number, body: object]

const refuse = (status: number, code: string, message: string): Answer => [status, { request_id: randomUUID(), code, message }]

const branchOf = (name: string): SandboxBranch => ({
  id: `br-${randomBytes(8).toString('hex')}`,
  name,
  project_id: facts.project,
  current_state: 'ready',
  default: false,
  created_at: new Date().toISOString(),
})

const atFirst = (): Omit<NeonSandbox, 'port' | 'reset' | 'stop'> => ({
  branches: [{ ...branchOf('production'), id: facts.branch, default: true, created_at: bornAt }],
  limit: 10,
  compute: hosts.direct.split('.')[0] ?? '',
  locked: 0,
  slow: 1,
  trouble: 'none',
})
