import { answer } from '../facts/answer.ts'
import type { Container, KubeReader, Pod } from '../systems/kube/types.ts'

/** Shorter ones stand in too many words that are no secret. */
const shortest = 8

/** The values that these pods were given from Secrets, by their variables, and the Secrets that could not be read. */
export const knownSecrets = async (
  kube: Pick<KubeReader, 'secret'>,
  pods: readonly Pod[],
): Promise<{ readonly values: readonly string[]; readonly unread: readonly string[] }> => {
  const asked = new Map<string, { readonly namespace: string; readonly name: string; readonly key: string }>()
  for (const { metadata, spec } of pods)
    for (const { env = [] } of [...spec.containers, ...(spec.initContainers ?? [])] as readonly Container[])
      for (const { valueFrom } of env) {
        const reference = valueFrom?.secretKeyRef
        const namespace = metadata.namespace ?? ''
        if (reference) asked.set([namespace, reference.name, reference.key].join('/'), { namespace, ...reference })
      }
  const found = await Promise.all(
    [...asked.values()].map(async ({ namespace, name, key }) => ({ name, value: await answer(kube.secret(namespace, name, key)) })),
  )
  const values = found.flatMap(({ value }) => (value.answered && value.value ? value.value.reveal().split('\n') : []))
  return {
    // The longest first: one may be a part of another.
    values: [...new Set(values.map((one) => one.trim()).filter(({ length }) => length >= shortest))].sort((a, b) => b.length - a.length),
    unread: [...new Set(found.flatMap(({ name, value }) => (value.answered ? [] : [name])))],
  }
}
