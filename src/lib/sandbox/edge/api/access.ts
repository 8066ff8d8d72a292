import { randomBytes } from 'node:crypto'
import type { TokenVerifyResponse } from 'cloudflare/resources/user/tokens/tokens'
import { Refusal, refuse } from './answer.ts'

/** Permission groups of a token, as the dashboard names them, shortened. */
export type Scope =
  | 'zone:read'
  | 'settings:read'
  | 'settings:edit'
  | 'dns:read'
  | 'dns:edit'
  | 'certificates:read'
  | 'certificates:edit'
  | 'rules:read'
  | 'cache:purge'

export interface Token extends TokenVerifyResponse {
  readonly scopes: readonly Scope[]
}

export const everyScope: readonly Scope[] = [
  'zone:read',
  'settings:read',
  'settings:edit',
  'dns:read',
  'dns:edit',
  'certificates:read',
  'certificates:edit',
  'rules:read',
  'cache:purge',
]
export const readScopes: readonly Scope[] = everyScope.filter((scope) => scope.endsWith(':read'))

export const newToken = (scopes: readonly Scope[], more: Partial<TokenVerifyResponse> = {}): Token => ({
  id: randomBytes(16).toString('hex'),
  status: 'active',
  ...more,
  scopes,
})

/** The token of a request. Throws as Cloudflare refuses: none, one of a wrong form, an unknown one, one that is disabled or expired. */
export function authenticate(tokens: ReadonlyMap<string, Token>, authorization: string | undefined, verifying: boolean, now: Date): Token {
  if (authorization === undefined) throw refuse(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
  const value = /^Bearer ([A-Za-z0-9_-]{40,})$/.exec(authorization)?.[1]
  if (value === undefined)
    throw new Refusal(400, [
      {
        code: 6003,
        message: 'Invalid request headers',
        error_chain: [{ code: 6111, message: 'Invalid format for Authorization header' }],
      },
    ])
  const token = tokens.get(value)
  const over = token?.expires_on !== undefined && new Date(token.expires_on) <= now
  if (token && token.status === 'active' && !over) return token
  // `tokens/verify` alone says 401; everything else is forbidden.
  throw verifying ? refuse(401, 1000, 'Invalid API Token') : refuse(403, 9109, 'Invalid access token')
}

/** Throws the refusal of a token that is valid and lacks a permission: zones and settings word it differently from the rest. */
export function authorize(token: Token, scope: Scope): void {
  const granted =
    token.scopes.includes(scope) || (scope.endsWith(':read') && token.scopes.includes(scope.replace(/read$/, 'edit') as Scope))
  if (granted) return
  throw /^(zone|settings):/.test(scope)
    ? refuse(403, 9109, 'Unauthorized to access requested resource')
    : refuse(403, 10000, 'Authentication error')
}
