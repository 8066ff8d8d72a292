import { type Container, core, type Pod, type Reference } from '../controllers/objects.ts'
import type { Client } from '../types.ts'

export type Resolved = { readonly env: Readonly<Record<string, string>> } | { readonly missing: string }

/** A container's environment from its variables, ConfigMaps and Secrets as they are now; what is missing in the kubelet's words. */
export function resolveEnvironment(client: Client, pod: Pod, container: Container): Resolved {
  const { namespace = 'default' } = pod.metadata
  const env: Record<string, string> = {}
  const read = (kind: 'configmap' | 'secret', { name = '', optional }: Reference): Readonly<Record<string, string>> => {
    const object = client.get(core(`${kind}s`), name, namespace)
    if (!object && !optional) throw new Missing(`${kind} "${name}" not found`)
    const data = (object?.['data'] ?? {}) as Record<string, string>
    if (kind === 'configmap') return data
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  }
  try {
    for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
      const data = configMapRef ? read('configmap', configMapRef) : secretRef ? read('secret', secretRef) : {}
      for (const [key, value] of Object.entries(data)) env[prefix + key] = value
    }
    for (const { name, value, valueFrom } of container.env ?? []) {
      const kind = valueFrom?.['configMapKeyRef'] ? 'configmap' : 'secret'
      const reference = valueFrom?.['configMapKeyRef'] ?? valueFrom?.['secretKeyRef']
      const path = valueFrom?.['fieldRef']?.fieldPath
      if (reference) {
        const found = read(kind, reference)[reference.key ?? '']
        if (found !== undefined) env[name] = found
        else if (!reference.optional)
          throw new Missing(
            `couldn't find key ${reference.key} in ${kind === 'configmap' ? 'ConfigMap' : 'Secret'} ${namespace}/${reference.name}`,
          )
      } else if (path) env[name] = field(pod, path)
      else env[name] = (value ?? '').replace(/\$\(([A-Za-z_][\w.-]*)\)/g, (whole, other: string) => env[other] ?? whole)
    }
    return { env }
  } catch (error) {
    if (error instanceof Missing) return { missing: error.message }
    throw error
  }
}

class Missing extends Error {}

const field = (pod: Pod, path: string): string => {
  const quoted = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (quoted) return pod.metadata[quoted[1] as 'labels' | 'annotations']?.[quoted[2] ?? ''] ?? ''
  let value: unknown = pod
  for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part]
  return value === undefined ? '' : String(value)
}
