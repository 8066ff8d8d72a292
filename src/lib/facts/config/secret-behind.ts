import type { Container, Deployment } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/**
 * The Secret that a variable comes from, "Secret honeydue-secrets": by an entry of a workload, as a key of a Secret that a workload takes whole, or as a key
 * of the deployment's own. Undefined where it is no secret. Names alone are compared: no value of a Secret is kept.
 */
export const secretBehind = async (
  { kube }: Readers<'kube'>,
  key: string,
  { namespace, secret, deployments }: { readonly namespace: string; readonly secret: string; readonly deployments: readonly Deployment[] },
): Promise<string | undefined> => {
  const containers = deployments.flatMap(({ spec: { template } }): readonly Container[] => [
    ...(template.spec.initContainers ?? []),
    ...template.spec.containers,
  ])
  const named = containers
    .flatMap(({ env = [] }) => env)
    .find((entry) => entry.valueFrom?.secretKeyRef && (entry.name === key || entry.valueFrom.secretKeyRef.key === key))
  if (named) return `Secret ${named.valueFrom?.secretKeyRef?.name}`
  const whole = containers.flatMap(({ envFrom = [] }) =>
    envFrom.flatMap(({ secretRef, prefix }) => (secretRef ? [[secretRef.name, prefix ?? ''] as const] : [])),
  )
  for (const [name, prefix] of [[secret, ''] as const, ...whole]) {
    if (!key.startsWith(prefix)) continue
    if ((await kube.secret(namespace, name, key.slice(prefix.length))) !== undefined) return `Secret ${name}`
  }
  return undefined
}
