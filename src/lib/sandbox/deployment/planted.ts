/** The sandbox's secrets. Each holds the word PLANTED, so that a search of any output finds one that leaked. */
export const planted = {
  postgresPassword: 'PLANTED-postgres-4b1f',
  secretKey: 'PLANTED-secret-key-91ac',
  emailHostPassword: 'PLANTED-email-7d20',
  fcmServerKey: 'PLANTED-fcm-c3e8',
  redisPassword: 'PLANTED-redis-58aa',
  ingestToken: 'PLANTED-obs-token-e07d',
  registryPassword: 'PLANTED-registry-pat-6f12',
  registryToken: 'PLANTED-registry-token-2ce9',
  // As long as Cloudflare's own: shorter ones are refused for their form.
  cloudflareToken: 'PLANTED-cloudflare-token-b82c41f0d96e7a35',
  cloudflareReadToken: 'PLANTED-cloudflare-read-only-5d1e90c3f7a2',
  apnsKey: '-----BEGIN PRIVATE KEY-----\nUExBTlRFRC1hcG5zLWtleQ==\n-----END PRIVATE KEY-----\n',
} as const

/** What must never be printed: every planted value. */
export const plantedValues: readonly string[] = Object.values(planted)
