import type { Environment } from '../../environment/schema.ts'
import { referenceOf } from '../../image-reference.ts'
import type { Readers } from '../../systems/systems.ts'
import { registrySources } from './sources.ts'

/** What kubelets pull the api's image with: the book has two names for the pull secret (ch07, secret-rotation.md). */
export interface PullSecret {
  readonly secret: string
  readonly image: string
  /** Undefined where the image names no registry. */
  readonly host: string | undefined
  /** Undefined where config.yaml has no registry.username. */
  readonly user: string | undefined
}

/** By the live api Deployment; undefined where it names none. */
export const pullSecretOf = async (
  { namespace }: Pick<Environment, 'namespace'>,
  { kube, checkout }: Readers<'kube' | 'checkout'>,
): Promise<PullSecret | undefined> => {
  const [api, user] = await Promise.all([kube.get('Deployment', 'api', namespace), checkout.value(registrySources.username)])
  const { imagePullSecrets = [], containers = [] } = api?.spec.template.spec ?? {}
  const [secret, image] = [imagePullSecrets[0]?.name, containers[0]?.image]
  return secret === undefined || image === undefined ? undefined : { secret, image, host: referenceOf(image)?.host, user: user?.reveal() }
}

/** The text around the password in a pull secret's docker config. */
export const aroundPassword = ({
  host,
  user,
}: {
  readonly host: string
  readonly user: string
}): readonly [before: string, after: string] => [
  `{"auths":{${JSON.stringify(host)}:{"username":${JSON.stringify(user)},"password":"`,
  '"}}}',
]
