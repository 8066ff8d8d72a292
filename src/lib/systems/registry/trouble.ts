import { type Account, Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { httpTrouble } from '../http/trouble.ts'

/** What was sent to a registry: credentials, none because the deployment's pull secrets have none for it, or none because it was asked as nobody. */
export type Credentials = 'sent' | 'none' | 'nobody'

const account = (url: URL, code: string, failed: string, cause: string): Account => ({
  code,
  failed,
  cause,
  next: sh`curl -sv -o /dev/null --max-time 5 https://${url.host}/v2/`,
})

/** The image names no registry that could be asked. */
export const noRegistry = (image: string): Unreachable =>
  new Unreachable({
    code: 'registry-unnamed',
    failed: `${image} names no registry`,
    cause: 'The nodes pull such an image from their default registry, which is not asked from here',
  })

/** The pull secret is not there. */
export const noSecret = (namespace: string, secret: string): Unreachable =>
  new Unreachable({
    code: 'registry-no-secret',
    failed: `There is no Secret ${namespace}/${secret} with a .dockerconfigjson`,
    next: sh`kubectl -n ${namespace} get secrets`,
  })

/** The pull secret is of other registries, or cannot be read. */
export const noEntry = (namespace: string, secret: string, host: string): Unreachable =>
  new Unreachable({
    code: 'registry-no-entry',
    failed: `Secret ${namespace}/${secret} has no credentials for ${host}`,
    cause: 'it was made for another registry, or is no docker configuration',
    next: 'honeydue secrets:status',
  })

/** No answer, by the code of Node or OpenSSL. */
export const unanswered = (error: unknown, url: URL, timeoutMs: number): Unreachable => {
  const { code, likely = '' } = httpTrouble(error, url, timeoutMs)
  const own = code === 'http-tls' || code === 'http-silent' ? code.replace('http', 'registry') : 'registry-unreachable'
  return new Unreachable(account(url, own, `The registry ${url.host} does not answer`, likely), { cause: error })
}

const forbidden: Readonly<Record<Credentials, string>> = {
  sent: 'the credentials of the pull secret are not accepted, or may not read this image',
  none: 'the pull secrets of the api Deployment have no credentials for it',
  nobody: 'it gives nothing to somebody without credentials',
}

/** An answer that says neither yes nor no, by its status. */
export const refused = (status: number, url: URL, credentials: Credentials): Unreachable => {
  const failed = `The registry ${url.host} answered ${status}`
  if (status === 401 || status === 403) return new Unreachable(account(url, 'registry-forbidden', failed, forbidden[credentials]))
  if (status === 429) return new Unreachable(account(url, 'registry-busy', failed, 'too many requests'))
  if (status >= 500) return new Unreachable(account(url, 'registry-server-error', failed, 'it has trouble of its own'))
  return new Unreachable(account(url, 'registry-no-registry', failed, 'what answers there does not speak as a registry does'))
}

/** It has the tag and does not take it away. */
export const cannotDelete = (status: number, url: URL): Unreachable =>
  status === 401 || status === 403
    ? new Unreachable({
        code: 'registry-may-not-delete',
        failed: `The registry ${url.host} answered ${status} to a deletion`,
        cause: 'the login may read images and not delete them: Gitea wants a token with write:package',
        next: 'honeydue config:explain',
      })
    : new Unreachable(
        account(
          url,
          'registry-cannot-delete',
          `The registry ${url.host} answered ${status} to a deletion`,
          'it deletes nothing, or nothing by a tag: Gitea does',
        ),
      )
