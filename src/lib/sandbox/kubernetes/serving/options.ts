import type { IncomingHttpHeaders } from 'node:http'
import { isJson, type Json } from '../schema/json.ts'
import { type Cause, forbiddenValue, invalid, invalidValue, required, unsupported } from '../status.ts'
import type { Deletion, Write } from '../writing/requests.ts'

const meta = (kind: string) => ({ group: 'meta.k8s.io', kind })

function dryRun(query: URLSearchParams): { readonly dry: boolean; readonly causes: readonly Cause[] } {
  const values = query.getAll('dryRun')
  const bad = values.some((value) => value !== 'All')
  const causes = bad
    ? [
        {
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
          field: 'dryRun',
        },
      ]
    : []
  return { dry: values.length > 0, causes }
}

/** What a query says of a write: who manages, whether it is dry, how strict. `kind` is CreateOptions, UpdateOptions or PatchOptions. */
export function writeOptions(
  kind: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  apply?: boolean,
): Write & { readonly force: boolean } {
  const { dry, causes: problems } = dryRun(query)
  const causes = [...problems]
  const named = query.get('fieldManager')
  if (named !== null && named.length > 128)
    causes.push({ reason: 'FieldValueTooLong', message: 'Too long: may not be more than 128 bytes', field: 'fieldManager' })
  if (apply === true && !named) causes.push(required('fieldManager', 'is required for apply patch'))
  if (apply === false && query.has('force')) causes.push(forbiddenValue('force', 'may not be specified for non-apply patch'))
  const validation = query.get('fieldValidation')
  const levels = ['Ignore', 'Strict', 'Warn']
  if (validation !== null && validation !== '' && !levels.includes(validation))
    causes.push(unsupported('fieldValidation', validation, ['', ...levels]))
  if (causes.length > 0) throw invalid(meta(kind), '', causes)
  return {
    manager: named || (headers['user-agent'] ?? 'unknown').split('/')[0] || 'unknown',
    dryRun: dry,
    force: query.get('force') === 'true' || query.get('force') === '1',
    fieldValidation: (validation || 'Warn') as 'Strict' | 'Warn' | 'Ignore',
  }
}

const policies = ['Foreground', 'Background', 'Orphan'] as const

/** What a query or a DeleteOptions body says of a deletion. */
export function deleteOptions(query: URLSearchParams, body: Json | undefined): Deletion {
  const given: Json =
    body && Object.keys(body).some((key) => key !== 'kind' && key !== 'apiVersion')
      ? body
      : Object.fromEntries([...query].filter(([key]) => ['propagationPolicy', 'gracePeriodSeconds', 'orphanDependents'].includes(key)))
  const { dry, causes: problems } = dryRun(query)
  const causes = [...problems]
  const policy =
    given['propagationPolicy'] ??
    (given['orphanDependents'] === undefined ? undefined : String(given['orphanDependents']) === 'true' ? 'Orphan' : 'Background')
  const known = policies.find((one) => one === policy)
  if (policy !== undefined && policy !== null && !known) causes.push({ ...unsupported('propagationPolicy', policy, [...policies, 'nil']) })
  const seconds = given['gracePeriodSeconds']
  const grace = seconds === undefined || seconds === null ? undefined : Number(seconds)
  if (grace !== undefined && (!Number.isInteger(grace) || grace > 2 ** 53))
    causes.push(invalidValue('gracePeriodSeconds', String(seconds), 'must be an integer'))
  if (causes.length > 0) throw invalid(meta('DeleteOptions'), '', causes)
  const preconditions = isJson(given['preconditions']) ? given['preconditions'] : {}
  const dryBody = Array.isArray(given['dryRun']) && given['dryRun'].includes('All')
  return {
    dryRun: dry || dryBody,
    ...(known ? { propagationPolicy: known } : {}),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(typeof preconditions['uid'] === 'string' ? { uid: preconditions['uid'] } : {}),
    ...(typeof preconditions['resourceVersion'] === 'string' ? { resourceVersion: preconditions['resourceVersion'] } : {}),
  }
}
