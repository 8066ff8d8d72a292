import { generateKeyPairSync, randomBytes } from 'node:crypto'

const made = (name: string): string => `PLANTED-${name}-${randomBytes(12).toString('hex')}`

const keyOfApple = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/**
 * The sandbox's secrets, made anew by each process that starts one: whoever reads this source knows none of them. Each holds the word
 * PLANTED, so that a search of any output finds one that leaked; Apple's key is a real one, as the application would parse it.
 */
export const planted = {
  postgresPassword: made('postgres'),
  secretKey: made('secret-key'),
  emailHostPassword: made('email'),
  // A second one, as somebody makes it who is about to revoke the first.
  nextEmailPassword: made('next-email'),
  fcmServerKey: made('fcm'),
  nextFcmServerKey: made('next-fcm'),
  redisPassword: made('redis'),
  ingestToken: made('obs-token'),
  nextIngestToken: made('next-obs-token'),
  registryPassword: made('registry-pat'),
  nextRegistryPassword: made('next-registry-pat'),
  registryToken: made('registry-token'),
  // As long as Cloudflare's own: shorter ones are refused for their form.
  cloudflareToken: made('cloudflare-token'),
  nextCloudflareToken: made('next-cloudflare-token'),
  cloudflareReadToken: made('cloudflare-read-only'),
  adminPassword: made('admin'),
  nextAdminPassword: made('next-admin'),
  neonKey: made('neon-key'),
  grafanaToken: made('grafana-token'),
  storageKey: made('storage-key'),
  nextStorageKey: made('next-storage-key'),
  apnsKey: keyOfApple(),
  nextApnsKey: keyOfApple(),
} as const

/** What must never be printed: every planted value; of a key its first line, because a value in JSON has no line breaks. */
export const plantedValues: readonly string[] = Object.values(planted).map((value) => value.split('\n')[1] ?? value)
