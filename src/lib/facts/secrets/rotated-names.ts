import { apnsKey } from '../../apns-secret.ts'

/** What secrets:rotate can renew, as an operator names it. */
export const rotatedNames = [
  'REDIS_PASSWORD',
  'POSTGRES_PASSWORD',
  'SECRET_KEY',
  'EMAIL_HOST_PASSWORD',
  'REGISTRY_PASSWORD',
  'OBS_INGEST_TOKEN',
  apnsKey,
  'FCM_SERVER_KEY',
  'STORAGE_KEY',
  'CLOUDFLARE_API_TOKEN',
  'admin-basic-auth',
] as const
export type RotatedName = (typeof rotatedNames)[number]

export const isRotated = (name: string): name is RotatedName => rotatedNames.some((one) => one === name)
