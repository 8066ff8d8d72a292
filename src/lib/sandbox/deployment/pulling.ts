import type { Client, Images, KubeObject } from '../kubernetes/types.ts'
import { manifestOf } from '../registry/manifest.ts'
import { partsOf, type RegistrySandbox } from '../registry/registry.ts'
import { registryHost } from './facts.ts'

const machine = 'linux/amd64'

/** Images of the deployment's registry as a node's containerd gets them, in its words; `client` is asked for the pod's pull secrets. */
export const pulling = (registry: RegistrySandbox, client: () => Client): Images => ({
  first: (image) => {
    const { name, version } = partsOf(image) ?? {}
    if (name === undefined || version === undefined) return undefined
    return version.startsWith('sha256:') ? version : manifestOf(name, version).digest
  },
  pull: async (image, pod) => {
    const { name = '', version = '' } = partsOf(image) ?? {}
    const failed = (code: string, why: string) => ({
      refused: `rpc error: code = ${code} desc = failed to pull and unpack image "${image}": ${why}`,
    })
    const unresolved = (code: string, why: string) => failed(code, `failed to resolve reference "${image}": ${why}`)
    const asked = `Head "https://${registryHost}/v2/${name}/manifests/${version}"`
    if (registry.trouble === 'reset') return unresolved('Unknown', `failed to do request: ${asked}: read: connection reset by peer`)
    if (registry.trouble === 'silence') return unresolved('DeadlineExceeded', `failed to do request: ${asked}: dial tcp: i/o timeout`)
    if (registry.trouble === 'server-error')
      return unresolved('Unknown', `unexpected status from HEAD request to ${asked.slice(6, -1)}: 502 Bad Gateway`)
    if (!opens(client(), pod, registry.passwords))
      return unresolved(
        'Unknown',
        `failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://${registryHost}/v2/token: 401 Unauthorized`,
      )
    const found = registry.trouble === 'not found page' ? undefined : await registry.find(image)
    if (found === undefined) return unresolved('NotFound', `${image}: not found`)
    const { digest, push } = found
    const runs = push.platforms.includes(machine)
    // The platform of a plain image stands in its configuration, which nobody reads before it is started.
    return runs || push.plain ? { digest, runs } : failed('NotFound', `no match for platform in manifest: not found`)
  },
})

/** Whether one of the pod's pull secrets has what the registry wants. */
const opens = (client: Client, { metadata, spec }: KubeObject, passwords: ReadonlySet<string>): boolean => {
  const { imagePullSecrets = [] } = spec as { readonly imagePullSecrets?: readonly { readonly name: string }[] }
  return imagePullSecrets.some(({ name }) => {
    const { data } = (client.get({ group: '', resource: 'secrets' }, name, metadata.namespace) ?? {}) as {
      readonly data?: Readonly<Record<string, string>>
    }
    return passwords.has(credentialsOf(Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()) ?? '')
  })
}

const credentialsOf = (config: string): string | undefined => {
  try {
    const { auths } = JSON.parse(config) as { readonly auths?: Readonly<Record<string, { readonly password?: string }>> }
    return auths?.[registryHost]?.password
  } catch {
    return undefined
  }
}
