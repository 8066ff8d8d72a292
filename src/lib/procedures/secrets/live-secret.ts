import { seconds } from '../../clock.ts'
import { type Finding, when } from '../../plan/finding.ts'
import type { Secret } from '../../secret.ts'
import { digestOf } from '../../secret-digest.ts'
import type { KeptKey, KeptSecret, KubeReader } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import type { Pulls, RotationFacts } from './rotation-types.ts'

/** The one key of a Secret as it is now. */
export const liveKey = async (
  kube: KubeReader,
  namespace: string,
  secret: string,
  key: string,
): Promise<readonly [KeptSecret, KeptKey] | undefined> => {
  const found = (await kube.secrets(namespace)).find(({ name }) => name === secret)
  const one = found?.keys.find(({ name }) => name === key)
  return found && one && [found, one]
}

/** Which key of which Secret, and how its value is compared. */
type Place = Pick<RotationFacts, 'namespace' | 'key' | 'pulls'> & { readonly secret: Pick<KeptSecret, 'name'> }

export const hasLive = async (
  { namespace, secret, key, pulls }: Place,
  value: Secret | undefined,
  { kube }: Readers<'kube'>,
): Promise<Finding> => {
  const found = await liveKey(kube, namespace, secret.name, key)
  return when(
    found !== undefined && value !== undefined && found[1].digest === digestOf(shownAs(pulls, value)),
    `${key} of the Secret is another value`,
  )
}

/** From when on pods have it (RFC 3339): the server's times are whole seconds, and one that began in that of the write may have begun before it. */
export const takenFrom = async (facts: Place & Pick<RotationFacts, 'early'>, { kube }: Readers<'kube'>): Promise<Date | undefined> => {
  const at = (await liveKey(kube, facts.namespace, facts.secret.name, facts.key))?.[1].writtenAt
  return at && (facts.early ? new Date(at.getTime() + seconds(1)) : at)
}

/** What is compared of a live value: of a pull secret what is sent to the registry, as the JSON around it differs with who wrote it. */
const shownAs = (pulls: Pulls | undefined, value: Secret): string => (pulls ? `${pulls.user}:${value.reveal()}` : value.reveal())
