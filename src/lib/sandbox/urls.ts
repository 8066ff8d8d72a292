import { hosts } from './deployment/facts.ts'
import { planted } from './deployment/planted.ts'

/** Where to point other programs: URLs with the planted passwords, PostgreSQL's with the name that TLS verifies and the address beside it. */
export interface SandboxUrls {
  readonly redis: string
  readonly postgresDirect: string
  readonly postgresPooler: string
  readonly api: string
  /** Cloudflare's API, with the `/client/v4` that its clients take for the base. */
  readonly cloudflare: string
}

interface Ports {
  readonly redis: number
  readonly postgres: number
  readonly api: number
  readonly cloudflare: number
}

/** The URLs of the sandbox that has these ports; `ca`: the PEM file to trust. */
export function urlsOf(ports: Ports, ca: string): SandboxUrls {
  const postgres = (host: string) =>
    `postgresql://neondb_owner:${planted.postgresPassword}@${host}:${ports.postgres}/honeyDue?sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}&hostaddr=127.0.0.1`
  return {
    redis: `redis://default:${planted.redisPassword}@127.0.0.1:${ports.redis}/0`,
    postgresDirect: postgres(hosts.direct),
    postgresPooler: postgres(hosts.pooler),
    // By address: its name would lead whoever asks to the real one.
    api: `https://127.0.0.1:${ports.api}`,
    cloudflare: `https://127.0.0.1:${ports.cloudflare}/client/v4`,
  }
}
