import { environmentOf } from '../../environment-file.ts'
import type { ConfigMap } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { lastSet } from './last-set.ts'

/** What 03-deploy.sh makes the ConfigMap from (ch14), and the file beside it that is known to be read at a deploy (ch15). */
export const sources = { yaml: 'deploy-k3s/config.yaml', environment: 'deploy/prod.env' } as const

/** One key of the ConfigMap beside what the source says of it. Which key of config.yaml becomes which of the ConfigMap is not known: there a value is looked for. */
export interface ConfigValue {
  readonly key: string
  readonly live: string
  /** Where the source says it; undefined where it does not say this value. */
  readonly place?: string
  /** What deploy/prod.env says under the same name, where that is another value. */
  readonly other?: string
  readonly setBy?: string
  /** RFC 3339. */
  readonly setAt?: string
}

export const configValues = async ({ checkout }: Readers<'checkout'>, found: ConfigMap): Promise<readonly ConfigValue[]> => {
  const environment = environmentOf((await checkout.text(sources.environment)) ?? '')
  return Promise.all(
    Object.entries(found.data ?? {})
      .sort(([one], [other]) => one.localeCompare(other))
      .map(async ([key, live]): Promise<ConfigValue> => {
        const set = lastSet(found, key)
        const who = set && { setBy: set.manager, setAt: set.at }
        const said = environment.get(key)
        if (said)
          return { key, live, place: `${sources.environment}:${said.line}`, ...(said.value !== live && { other: said.value }), ...who }
        const [scalar] = (await checkout.scalars(sources.yaml, live)) ?? []
        return { key, live, ...(scalar && { place: `${sources.yaml}:${scalar.line}` }), ...who }
      }),
  )
}

export const differs = ({ place, other }: ConfigValue): boolean => place === undefined || other !== undefined
