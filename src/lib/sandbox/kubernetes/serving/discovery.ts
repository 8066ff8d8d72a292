import { groupVersion, type Resource, resources, type Subresource } from '../resources.ts'
import type { Json } from '../schema/json.ts'

const groups = [...new Set(resources.map(({ group }) => group))].filter((group) => group !== '')
const versions = (group: string) => [...new Set(resources.filter((one) => one.group === group).map(({ version }) => version))]

export const apiVersions = (address: string): Json => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
})

export function apiGroup(group: string): Json | undefined {
  if (!groups.includes(group)) return undefined
  const list = versions(group).map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { kind: 'APIGroup', apiVersion: 'v1', name: group, versions: list, preferredVersion: list[0] }
}

export const apiGroupList = (): Json => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map((group) => {
    const { kind: _, apiVersion: __, ...rest } = apiGroup(group) ?? {}
    return rest
  }),
})

const extras = (of: Pick<Resource, 'shortNames' | 'categories'>) => ({
  ...(of.shortNames.length > 0 ? { shortNames: of.shortNames } : {}),
  ...(of.categories.length > 0 ? { categories: of.categories } : {}),
})
const foreign = (of: Subresource) => (of.group === undefined ? {} : { group: of.group, version: of.version })

export function apiResourceList(group: string, version: string): Json | undefined {
  const own = resources.filter((one) => one.group === group && one.version === version)
  if (own.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion({ group, version }),
    resources: own.flatMap((one) => [
      { name: one.resource, singularName: one.singular, namespaced: one.namespaced, kind: one.kind, verbs: one.verbs, ...extras(one) },
      ...one.subresources.map((sub) => ({
        name: `${one.resource}/${sub.name}`,
        singularName: '',
        namespaced: one.namespaced,
        ...foreign(sub),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]),
  }
}

/** Every group with every resource in one answer: what `kubectl` asks for first. */
export const aggregated = (core: boolean): Json => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: (core ? [''] : groups).map((group) => ({
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: versions(group).map((version) => ({
      version,
      freshness: 'Current',
      resources: resources
        .filter((one) => one.group === group && one.version === version)
        .map((one) => ({
          resource: one.resource,
          responseKind: { group: '', version: '', kind: one.kind },
          scope: one.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: one.singular,
          verbs: one.verbs,
          ...extras(one),
          ...(one.subresources.length > 0
            ? {
                subresources: one.subresources.map((sub) => ({
                  subresource: sub.name,
                  responseKind: { group: sub.group ?? '', version: sub.version ?? '', kind: sub.kind },
                  verbs: sub.verbs,
                })),
              }
            : {}),
        })),
    })),
  })),
})
