import { sign } from 'node:crypto'
import { digestOf } from '../../secret-digest.ts'
import type { ApnsSigner } from './types.ts'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Apple refuses a token that is older than an hour, and whoever makes new ones within twenty minutes. */
const lasts = 30 * 60

/** Makes provider tokens (ES256), and each again only when the one before is too old. */
export const providerTokens = () => {
  const made = new Map<string, { readonly at: number; readonly token: string }>()
  return ({ key, keyId, teamId }: ApnsSigner, now: Date): string => {
    const at = Math.floor(now.getTime() / 1000)
    const name = [digestOf(key.reveal()), keyId, teamId].join(' ')
    const known = made.get(name)
    if (known && at - known.at < lasts) return known.token
    const said = `${part({ alg: 'ES256', kid: keyId })}.${part({ iss: teamId, iat: at })}`
    const signature = sign('sha256', Buffer.from(said), { key: key.reveal(), dsaEncoding: 'ieee-p1363' })
    const token = `${said}.${signature.toString('base64url')}`
    made.set(name, { at, token })
    return token
  }
}
