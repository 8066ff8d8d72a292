import { Blocked, Trouble } from '../../errors.ts'
import { pullSecretOf } from '../../facts/secrets/pull-secret.ts'
import { pullKey, registrySources } from '../../facts/secrets/sources.ts'
import { Secret } from '../../secret.ts'
import { type HandMade, handMade } from './hand-made.ts'
import type { Said } from './let-in.ts'

/** What kubelets pull with: a token of the registry's, which config.yaml has beside its user, and the pull secret as a docker config. */
const password: HandMade<'registry'> = {
  find: async (environment, look) => {
    const found = await pullSecretOf(environment, look)
    if (!found) throw noPullSecret()
    const { secret, image, host, user } = found
    if (host === undefined || user === undefined) throw noUser(image)
    return {
      secret,
      key: pullKey,
      called: 'REGISTRY_PASSWORD',
      source: registrySources.password,
      pulls: { host, user, image },
      at: `https://${host}/user/settings/applications (Gitea: a token that may read packages)`,
      by: host,
    }
  },
  ask: async ({ registry }, { pulls, secret }, value): Promise<Said> => {
    const { image = '', user = '' } = pulls ?? {}
    try {
      // That the image is there is no matter: nobody learns whether it is who is not let in.
      await registry.toldTo(value ? { as: new Secret(`${user}:${value.reveal()}`) } : { secret: secret.name }, image)
      return { is: 'let in' }
    } catch (error) {
      if (error instanceof Trouble && error.code === 'registry-forbidden') return { is: 'refused', because: error.failed }
      throw error
    }
  },
}

export const registryPassword = handMade(password)

const noPullSecret = (): Blocked =>
  new Blocked({
    code: 'secrets-no-pull-secret',
    failed: 'The api Deployment names no pull secret',
    cause: 'Its images are public, or it was edited by hand',
    next: 'honeydue registry:status',
  })

const noUser = (image: string): Blocked =>
  new Blocked({
    code: 'secrets-no-source',
    failed: `Who pulls ${image} is not known`,
    cause: 'deploy-k3s/config.yaml has no registry.username, or the image names no registry',
    next: 'honeydue secrets:status',
  })
