import { badRequest, type Cause, forbiddenValue, invalid, unsupported } from '../status.ts'

const kind = { group: 'meta.k8s.io', kind: 'ListOptions' }
const field = 'resourceVersionMatch'
const isBookmarked = (query: URLSearchParams) => ['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')

/** What a query asks of a watch beside its selectors. */
export interface WatchOptions {
  /** Whether the objects that are there come first; null where nothing is said. */
  readonly initial: boolean | null
  readonly bookmarks: boolean
  /** 0 where the server is to choose. */
  readonly timeoutSeconds: number
}

/** Reads what a query asks of a watch; what may not be asked together is refused. */
export function watchOptions(query: URLSearchParams): WatchOptions {
  const timeoutSeconds = whole(query, 'timeoutSeconds')
  const initial = query.get('sendInitialEvents')
  const match = query.get(field) ?? ''
  const causes: Cause[] = []
  if (initial !== null && match !== 'NotOlderThan')
    causes.push(forbiddenValue(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  if (match !== '' && initial === null)
    causes.push(forbiddenValue(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
  if (match !== '' && initial !== null && match !== 'NotOlderThan') causes.push(unsupported(field, match, ['NotOlderThan']))
  if (query.get('continue')) causes.push(forbiddenValue(field, 'resourceVersionMatch is forbidden when continue is provided'))
  if (causes.length > 0) throw invalid(kind, '', causes)
  return { initial: initial === null ? null : ['true', '1'].includes(initial), bookmarks: isBookmarked(query), timeoutSeconds }
}

/** Whether a list is wanted exactly as it was at its version; what may not be asked together is refused. */
export function wantsExactly(query: URLSearchParams): boolean {
  const match = query.get(field) ?? ''
  const version = query.get('resourceVersion') ?? ''
  const causes: Cause[] = []
  if (match !== '') {
    if (version === '') causes.push(forbiddenValue(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (query.get('continue')) causes.push(forbiddenValue(field, 'resourceVersionMatch is forbidden when continue is provided'))
    if (!['Exact', 'NotOlderThan'].includes(match)) causes.push(unsupported(field, match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && version === '0')
      causes.push(forbiddenValue(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  if (query.has('sendInitialEvents')) causes.push(forbiddenValue('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  if (causes.length > 0) throw invalid(kind, '', causes)
  return match === 'Exact'
}

/** A number of the query, 0 where there is none. */
function whole(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}
