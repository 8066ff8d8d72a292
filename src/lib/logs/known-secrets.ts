import { answer } from '../facts/answer.ts'
import type { Container, KubeReader, Pod } from '../systems/kube/types.ts'

/** Shorter ones stand in too many words that are no secret. */
const shortest = 8

/** The values that these pods were given from Secrets, by their variables or a whole Secret at a time, and the Secrets that could not be read. */
export const knownSecrets = async (
  kube: Pick<KubeReader, 'secret' | 'secretValues'>,
  pods: readonly Pod[],
): Promise<{ readonly values: readonly string[]; readonly unread: readonly string[] }> => {
  const asked = new Map<string, { readonly namespace: string; readonly name: string; readonly key: string }>()
  const whole = new Map<string, { readonly namespace: string; readonly name: string }>()
  for (const { metadata, spec } of pods)
    for (const { env = [], envFrom = [] } of [...spec.containers, ...(spec.initContainers ?? [])] as readonly Container[]) {
      const namespace = metadata.namespace ?? ''
      for (const { valueFrom } of env) {
        const reference = valueFrom?.secretKeyRef
        if (reference) asked.set([namespace, reference.name, reference.key].join('/'), { namespace, ...reference })
      }
      for (const { secretRef } of envFrom)
        if (secretRef) whole.set([namespace, secretRef.name].join('/'), { namespace, name: secretRef.name })
    }
  const found = await Promise.all([
    ...[...asked.values()].map(async ({ namespace, name, key }) => ({
      name,
      value: await answer(kube.secret(namespace, name, key).then((one) => (one ? [one] : []))),
    })),
    ...[...whole.values()].map(async ({ namespace, name }) => ({ name, value: await answer(kube.secretValues(namespace, name)) })),
  ])
  const values = found.flatMap(({ value }) => (value.answered ? value.value.flatMap((one) => one.reveal().split('\n')) : []))
  return {
    // The longest first: one may be a part of another.
    values: [...new Set(values.map((one) => one.trim()).filter(({ length }) => length >= shortest))].sort((a, b) => b.length - a.length),
    unread: [...new Set(found.flatMap(({ name, value }) => (value.answered ? [] : [name])))],
  }
}
