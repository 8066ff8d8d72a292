import type { System } from '../systems.ts'
import { askToken } from './ask-token.ts'
import { type CloudflareOptions, cloudflareClient } from './client.ts'
import { originCa } from './origin-ca.ts'
import { proveCloudflare } from './prove-cloudflare.ts'
import { readCloudflare, zoneByName } from './read-cloudflare.ts'
import { sayCloudflare } from './say-cloudflare.ts'
import type { CloudflareProver, CloudflareReader, CloudflareWriter, Purge } from './types.ts'
import { writeCloudflare } from './write-cloudflare.ts'

/** One zone of Cloudflare, over its API. */
export const cloudflareSystem = (
  options: CloudflareOptions & {
    /** PEM file with the Origin CA's roots, where they are not the published ones. */ readonly originCaFile?: string
  },
): System<CloudflareReader, CloudflareWriter, CloudflareProver> => {
  const client = cloudflareClient(options)
  const zone = zoneByName(client, options.zone)
  const purged: Purge[] = []
  return {
    read: {
      ...readCloudflare(client, zone, purged),
      signedByOriginCa: originCa(options.originCaFile),
      token: options.token,
      letsIn: askToken(options),
    },
    askedOnce: ['settings', 'sslOverrides', 'addresses', 'aliases', 'ranges', 'originCertificates'],
    write: writeCloudflare(client, zone, purged),
    say: sayCloudflare(options),
    prove: proveCloudflare(options),
    close: async () => client.close(),
  }
}
