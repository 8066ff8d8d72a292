import { Unreachable } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { type CloudflareOptions, cloudflareClient } from './client.ts'
import { readCloudflare, zoneByName } from './read-cloudflare.ts'
import type { CloudflareReader, TokenAnswer } from './types.ts'

/** What they say is of the token, and not of the way to Cloudflare. */
const ofTheToken: ReadonlySet<string> = new Set(['cloudflare-credentials', 'cloudflare-forbidden', 'cloudflare-no-zone'])

/** Undefined where it was answered; else why not, as Cloudflare says it of the token. */
const refusal = (asked: Promise<unknown>): Promise<string | undefined> =>
  asked.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Unreachable && ofTheToken.has(error.code)) return error.likely ?? error.failed
      throw error
    },
  )

/** Asks with a token for nothing but what reports read. `tokens/verify` knows those of a user alone: one of an account is let in where it sees the zone. */
export const askToken =
  (options: CloudflareOptions): CloudflareReader['letsIn'] =>
  async (token?: Secret): Promise<TokenAnswer> => {
    // A client of its own: that of this run keeps the token that it began with.
    const client = cloudflareClient(token ? { ...options, token: async () => token } : options)
    try {
      const zone = zoneByName(client, options.zone)
      const look = readCloudflare(client, zone, [])
      const verified = client.read({ doing: 'verify the token', needs: 'none' }, async (sdk) => {
        const { status } = await sdk.user.tokens.verify()
        return status
      })
      const [no, seen] = await Promise.all([
        refusal(verified.then((status) => (status === 'active' ? status : Promise.reject(inactive(status))))),
        refusal(zone()),
      ])
      if (no !== undefined && seen !== undefined) return { is: 'refused', because: no }
      if (seen !== undefined) return { is: 'let in', lacks: ['Zone – Read'] }
      const rights = await Promise.all([
        refusal(look.addresses()).then((why) => (why === undefined ? [] : ['DNS – Read'])),
        refusal(look.originCertificates()).then((why) => (why === undefined ? [] : ['SSL and Certificates – Read'])),
      ])
      return { is: 'let in', lacks: rights.flat() }
    } finally {
      client.close()
    }
  }

const inactive = (status: string): Unreachable =>
  new Unreachable({
    code: 'cloudflare-credentials',
    failed: `The token is ${status}`,
    next: 'look at the token in the dashboard: My Profile, API Tokens',
  })
