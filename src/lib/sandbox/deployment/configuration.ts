import type { Identity } from '../certificates.ts'
import type { KubeObject } from '../kubernetes/types.ts'
import { apns, bornAt, database, hosts, namespace, registryHost } from './facts.ts'
import { planted } from './planted.ts'

/** ConfigMap and Secrets; of chapter 10's keys only those that another source names. */
export function configurationObjects(origin: Identity): KubeObject[] {
  const data = {
    APNS_TOPIC: apns.topic,
    APPLE_CLIENT_ID: 'com.myhoneydue.honeyDue',
    DB_HOST: hosts.pooler,
    DB_SSLMODE: 'require',
    DEBUG: 'false',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
    POSTGRES_DB: database.name,
    [apns.keyIdKey]: apns.keyId,
    [apns.teamIdKey]: apns.team,
  }
  const registry = { auths: { [registryHost]: { username: 'admin', password: planted.registryPassword } } }
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'honeydue-config', namespace, creationTimestamp: bornAt },
      data,
    },
    secret('honeydue-secrets', 'Opaque', {
      POSTGRES_PASSWORD: planted.postgresPassword,
      SECRET_KEY: planted.secretKey,
      EMAIL_HOST_PASSWORD: planted.emailHostPassword,
      FCM_SERVER_KEY: planted.fcmServerKey,
      REDIS_PASSWORD: planted.redisPassword,
      OBS_INGEST_TOKEN: planted.ingestToken,
    }),
    secret('honeydue-apns-key', 'Opaque', { 'apns_auth_key.p8': planted.apnsKey }),
    secret('cloudflare-origin-cert', 'kubernetes.io/tls', { 'tls.crt': origin.certificate, 'tls.key': origin.key }),
    secret('gitea-credentials', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': JSON.stringify(registry) }),
  ]
}

function secret(name: string, type: string, values: Readonly<Record<string, string>>): KubeObject {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, creationTimestamp: bornAt }, type, data }
}
