import type { Environment } from '../../environment/schema.ts'
import { referenceOf } from '../../image-reference.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import type { Maker } from '../cluster/makers.ts'
import { imagesIn } from './wanted-images.ts'

/** One way in which workloads pull from a registry, and whether it lets them in. */
export interface PullWay {
  readonly host: string
  /** Undefined: with no pull secret at all. */
  readonly secret: string | undefined
  /** "Deployment api", in order. */
  readonly workloads: readonly string[]
  /** The image that it was asked for; whether it is there is another question. */
  readonly image: string
  readonly here: Answer<true>
  /** By alias, from the node itself. */
  readonly nodes: ReadonlyMap<string, Answer<true>>
}

/** Asks each registry once for each pull secret that a workload names, from here and from every node. */
export const askPullWays = async (
  { registry }: Readers<'registry'>,
  { nodes }: Pick<Environment, 'nodes'>,
  makers: readonly Maker[],
  hosts: ReadonlySet<string>,
): Promise<readonly PullWay[]> => {
  const found = new Map<string, { readonly way: Pick<PullWay, 'host' | 'secret' | 'image'>; readonly workloads: string[] }>()
  for (const [kind, { metadata, spec }] of makers) {
    const template = spec.template.spec
    const secrets = template.imagePullSecrets?.map(({ name }) => name) ?? []
    for (const image of imagesIn(template, hosts))
      for (const secret of secrets.length > 0 ? secrets : [undefined]) {
        const host = referenceOf(image)?.host ?? ''
        const key = `${host} ${secret ?? ''}`
        const one = found.get(key) ?? { way: { host, secret, image }, workloads: [] }
        found.set(key, one)
        const name = `${kind} ${metadata.name}`
        if (!one.workloads.includes(name)) one.workloads.push(name)
      }
  }
  return Promise.all(
    [...found.values()].map(async ({ way, workloads }): Promise<PullWay> => {
      const asked = (node?: string) =>
        answer(
          registry
            .toldTo({ ...(way.secret !== undefined && { secret: way.secret }), ...(node !== undefined && { node }) }, way.image)
            .then(() => true as const),
        )
      const [here, ...from] = await Promise.all([asked(), ...nodes.map(async ({ alias }) => [alias, await asked(alias)] as const)])
      return { ...way, workloads: workloads.sort(), here, nodes: new Map(from) }
    }),
  )
}
