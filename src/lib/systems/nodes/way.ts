import type { Identities } from './identities.ts'
import type { KnownKey } from './known-key.ts'
import { ciphers, cut, hostKeys, keyExchanges, macs } from './library-algorithms.ts'
import type { Resolved } from './resolved.ts'

/** How a node is reached, and why so. `master`: through an OpenSSH of the operator's that runs already. */
export type Way =
  | { readonly by: 'library' }
  | { readonly by: 'openssh'; readonly because: string }
  | { readonly by: 'master'; readonly because: string }

export interface Looked {
  /** Whether an OpenSSH answers at the configuration's ControlPath. */
  readonly masterAnswers?: boolean
  readonly known?: readonly KnownKey[]
  readonly identities?: Identities
}

const openssh = (because: string): Way => ({ by: 'openssh', because })

const missing: readonly (readonly [
  keyword: 'keyExchanges' | 'ciphers' | 'macs' | 'hostKeyAlgorithms',
  name: string,
  ours: readonly string[],
])[] = [
  ['keyExchanges', 'KexAlgorithms', keyExchanges],
  ['ciphers', 'Ciphers', ciphers],
  ['macs', 'MACs', macs],
  ['hostKeyAlgorithms', 'HostKeyAlgorithms', hostKeys],
]

/** What a library can do it does; for the rest there is OpenSSH. With less looked at, the answer may become OpenSSH later, and never the library again. */
export const wayTo = (host: Resolved, { masterAnswers = false, known = [], identities }: Looked): Way => {
  if (masterAnswers) return { by: 'master', because: `an OpenSSH answers at ${host.controlPath}` }
  const [beyond] = host.beyond
  if (beyond !== undefined) return openssh(beyond)
  const lacking = missing.find(([keyword, , ours]) => host[keyword].length > 0 && cut(ours, host[keyword]).length === 0)
  if (lacking) return openssh(`no ${lacking[1]} of the configuration is the library's`)
  const [certificate] = host.publicKeys ? host.certificates : []
  if (certificate !== undefined) return openssh(`the certificate ${certificate}`)
  const [foreign] = identities?.foreign ?? []
  if (foreign !== undefined) return openssh(foreign)
  const plain = known.filter(({ mark }) => mark === undefined)
  const authority = known.find(({ mark }) => mark === 'cert-authority')
  if (authority && plain.length === 0) return openssh(`the certificate authority at ${authority.file}:${authority.line}`)
  if (plain.length > 0 && !plain.some(({ type }) => type === 'ssh-rsa' || hostKeys.includes(type)))
    return openssh(`a host key of type ${plain[0]?.type}`)
  return { by: 'library' }
}
