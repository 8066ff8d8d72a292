import { type Duration, endAfter, seconds } from '../../clock.ts'
import { Blocked, Trouble } from '../../errors.ts'
import { referenceOf } from '../../image-reference.ts'
import type { Secret } from '../../secret.ts'
import { httpsTo, type Trust } from '../https.ts'
import { ended } from './body.ts'
import { conversation, grantBy } from './conversation.ts'
import { cannotDelete, noRegistry, unanswered } from './trouble.ts'
import type { RegistryWriter } from './types.ts'

export interface WriteRegistryOptions extends Trust {
  /** `user:password` for a registry, as the deployment has it. */
  readonly credentials: (host: string, secret?: string) => Promise<Secret | undefined>
  /** `user:password` of whoever may delete; without it, the deployment's own. */
  readonly login?: (() => Promise<Secret>) | undefined
  readonly timeout?: Duration
}

/** The writing half. Ctrl-C cuts no deletion off: nobody would know whether the tag is there. */
export const writeRegistry = (options: WriteRegistryOptions): RegistryWriter => {
  const send = httpsTo(options)
  const { timeout = seconds(10), login } = options
  return {
    deleteTag: async ({ image }) => {
      const reference = referenceOf(image)
      if (reference === undefined) throw noRegistry(image)
      const { host, name, version } = reference
      // A digest goes with every tag that it has.
      if (version.startsWith('sha256:')) throw new Blocked({ code: 'registry-no-tag', failed: `${image} names no tag` })
      const url = new URL(`/v2/${name}/manifests/${version}`, `https://${host}`)
      const until = endAfter(timeout)
      try {
        const credentials = () => login?.() ?? options.credentials(host)
        const talk = conversation({ host, name, send, until, credentials, grant: grantBy(send, until), without: 'none' })
        const { statusCode = 0 } = ended(await talk.ask('DELETE', url.pathname))
        if (statusCode !== 404 && (statusCode < 200 || statusCode > 299)) throw cannotDelete(statusCode, url)
      } catch (error) {
        if (error instanceof Trouble) throw error
        throw unanswered(until.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout)
      }
    },
  }
}
