import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../certificates.ts'
import { type FileContent, makeExactly } from '../exact-folder.ts'
import { apns, database, hosts } from './facts.ts'
import { planted } from './planted.ts'
import { emptyOfGit, repositoryFiles } from './repository.ts'

/**
 * Makes the operator's checkout: what git tracks of it, and beside that `deploy-k3s/config.yaml`, `deploy-k3s/secrets/` and
 * `deploy/prod.env`. What a procedure left there is gone.
 */
export async function writeCheckout(folder: string, origin: Identity): Promise<void> {
  const secrets: Readonly<Record<string, string>> = {
    'deploy-k3s/config.yaml': config,
    'deploy-k3s/secrets/postgres_password.txt': planted.postgresPassword,
    'deploy-k3s/secrets/secret_key.txt': planted.secretKey,
    'deploy-k3s/secrets/email_host_password.txt': planted.emailHostPassword,
    'deploy-k3s/secrets/fcm_server_key.txt': planted.fcmServerKey,
    'deploy-k3s/secrets/apns_auth_key.p8': planted.apnsKey,
    'deploy-k3s/secrets/cloudflare-origin.crt': origin.certificate,
    'deploy-k3s/secrets/cloudflare-origin.key': origin.key,
    'deploy/prod.env': environment,
  }
  const files = new Map<string, FileContent>(await repositoryFiles())
  for (const [path, content] of Object.entries(secrets)) files.set(path, { content, mode: 0o600 })
  // Nobody but the operator looks into the folder of the secrets; writing a file leaves an existing folder's rights alone.
  mkdirSync(join(folder, 'deploy-k3s', 'secrets'), { recursive: true, mode: 0o700 })
  makeExactly(folder, files, files.has('.git/HEAD') ? emptyOfGit : [])
}

// Of the real file only OBS_INGEST_TOKEN is known, and that Apple's names are in such a file (9ea0583).
const environment = `OBS_INGEST_TOKEN=${planted.ingestToken}
APNS_TOPIC=com.myhoneydue.honeyDue
APPLE_CLIENT_ID=com.myhoneydue.honeyDue
DEBUG=false
OTEL_TRACES_SAMPLER_ARG=0.1
${apns.keyIdKey}=${apns.keyId}
${apns.teamIdKey}=${apns.team}
`

// The real file's keys are not known but for redis.password and registry.*: procedures look for the scalar, not for a key.
const config = `# 03-deploy.sh regenerates the ConfigMap honeydue-config from this file on every deploy.
database:
  # The pooler is PgBouncer in transaction mode: no LISTEN/NOTIFY, no session advisory locks.
  host: ${hosts.pooler} # the same name without -pooler is the direct endpoint
  port: ${database.port}
  name: ${database.name} # case-sensitive
  user: ${database.user}
  sslmode: require

redis:
  password: ${planted.redisPassword}

registry:
  server: gitea.treytartt.com
  username: admin
  password: ${planted.registryPassword}
`
