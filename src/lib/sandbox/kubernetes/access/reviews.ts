import { DecodeError, decode } from '../decoding.ts'
import { recordUpdate } from '../ownership/managed-fields.ts'
import { groupVersion, type Resource } from '../resources.ts'
import { goStruct } from '../schema/go-value.ts'
import { isJson, type Json } from '../schema/json.ts'
import { struct } from '../schema/schema.ts'
import { badRequest, type Cause, invalid, invalidValue } from '../status.ts'
import type { Store } from '../store.ts'
import { type Attributes, authorize, grants } from './rbac.ts'
import type { User } from './user.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const optional = (key: string, value: unknown) => (typeof value === 'string' && value !== '' ? { [key]: value } : {})

/** Answers the reviews: may I, what may I, who am I. Nothing is stored. */
export function review(store: Store, user: User, resource: Resource, body: Json, manager: string, now: string, namespace?: string): Json {
  let read: Json
  try {
    read = decode(struct(resource.type), body).object
  } catch (error) {
    if (error instanceof DecodeError)
      throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`)
    throw error
  }
  const base = { kind: resource.kind, apiVersion: groupVersion(resource) }
  if (resource.kind === 'SelfSubjectReview') {
    const userInfo = { username: user.name, groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) }
    return { ...base, metadata: { creationTimestamp: now }, status: { userInfo } }
  }
  const writer = { manager, operation: 'Update' as const, apiVersion: groupVersion(resource), subresource: '' }
  const { status: _, ...rest } = read
  const managedFields = recordUpdate(struct(resource.type), undefined, { ...rest, metadata: {} }, writer, now)
  const metadata = { ...(namespace === undefined ? {} : { namespace }), ...(managedFields.length > 0 ? { managedFields } : {}) }
  const spec = object(read['spec'])
  if (resource.kind === 'SelfSubjectRulesReview')
    return { ...base, metadata, spec, status: rules(store, user, String(spec['namespace'] ?? '')) }
  const who: User =
    resource.type === 'SubjectAccessReview'
      ? { name: String(spec['user'] ?? ''), groups: Array.isArray(spec['groups']) ? spec['groups'].map(String) : [] }
      : user
  const ofResource = spec['resourceAttributes']
  const ofPath = spec['nonResourceAttributes']
  const causes: Cause[] = []
  if (ofResource && ofPath)
    causes.push(
      invalidValue(
        'spec.nonResourceAttributes',
        goStruct(ofPath, ['path', 'verb']),
        'cannot be specified in combination with resourceAttributes',
      ),
    )
  if (!ofResource && !ofPath)
    causes.push(
      invalidValue('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    )
  if (resource.type === 'SubjectAccessReview' && who.name === '' && who.groups.length === 0)
    causes.push(invalidValue('spec.user', '', 'at least one of user or group must be specified'))
  for (const field of ['fieldSelector', 'labelSelector']) {
    const { rawSelector, requirements } = object(object(ofResource)[field])
    if (rawSelector && requirements)
      causes.push(
        invalidValue(`spec.resourceAttributes.${field}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'),
      )
  }
  const home = object(ofResource)['namespace']
  if (namespace !== undefined && home !== namespace)
    causes.push(invalidValue('spec.resourceAttributes.namespace', home ?? '', 'must match metadata.namespace'))
  if (causes.length > 0) throw invalid({ group: resource.group, kind: '' }, '', causes)
  const decision = authorize(store, who, attributes(object(ofResource), isJson(ofPath) ? ofPath : undefined))
  return { ...base, metadata, spec, status: { allowed: decision.allowed, ...(decision.reason ? { reason: decision.reason } : {}) } }
}

function attributes(of: Json, path: Json | undefined): Attributes {
  if (path) return { verb: String(path['verb'] ?? ''), path: String(path['path'] ?? '') }
  return {
    verb: String(of['verb'] ?? ''),
    ...optional('group', of['group']),
    ...optional('resource', of['resource']),
    ...optional('subresource', of['subresource']),
    ...optional('name', of['name']),
    ...optional('namespace', of['namespace']),
  }
}

function rules(store: Store, user: User, namespace: string): Json {
  // What a member of system:masters may do beyond any role is nowhere written down: here, too, the binding of cluster-admin says it.
  const all = [...grants(store, user, namespace)].flatMap((grant) => grant.rules)
  const pick = (rule: Json, keys: readonly string[]) =>
    Object.fromEntries(keys.flatMap((key) => (rule[key] === undefined ? [] : [[key, rule[key]]])))
  return {
    resourceRules: all.filter((rule) => rule['resources']).map((rule) => pick(rule, ['verbs', 'apiGroups', 'resources', 'resourceNames'])),
    nonResourceRules: all.filter((rule) => rule['nonResourceURLs']).map((rule) => pick(rule, ['verbs', 'nonResourceURLs'])),
    incomplete: false,
  }
}
