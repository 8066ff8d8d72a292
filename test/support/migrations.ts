import { Client } from 'pg'
import { expect } from 'vitest'
import { lockKey } from '../../src/lib/sandbox/deployment/auto-migrate.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

export { release, startJob } from '../../src/lib/sandbox/deployment/releases.ts'

const deployments = { group: 'apps', resource: 'deployments' }
const jobs = { group: 'batch', resource: 'jobs' }
const pods = { group: '', resource: 'pods' }
const name = 'honeydue-migrate'

/** Statements as a file of goose. */
export const inTransaction = (up: string): string => `-- +goose Up\n${up}\n\n-- +goose Down\nSELECT 1;\n`
export const noTransaction = (up: string): string => `-- +goose NO TRANSACTION\n${inTransaction(up)}`

export const jobOf = ({ kubernetes }: Sandbox) => kubernetes.client.get(jobs, name, namespace)
export const jobPods = ({ kubernetes }: Sandbox) =>
  kubernetes.client.list(pods, { namespace, labels: { 'batch.kubernetes.io/job-name': name } })

/** Resolves when the Job has the condition. */
export const jobBecomes = (sandbox: Sandbox, type: 'Complete' | 'Failed'): Promise<void> =>
  expect
    .poll(
      () =>
        (
          jobOf(sandbox)?.status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined
        )?.conditions
          ?.filter(({ status }) => status === 'True')
          .map((condition) => condition.type),
      patient,
    )
    .toContain(type)

/** The Job is gone, what it ran is told to stop; `orphan` leaves its pod running. */
export const deleteJob = ({ kubernetes }: Sandbox, propagationPolicy: 'Background' | 'Orphan'): void =>
  kubernetes.client.delete(jobs, name, namespace, { propagationPolicy })

export const versionsOf = async ({ postgres }: Sandbox): Promise<readonly number[]> =>
  (await postgres.query('SELECT version_id::int AS version FROM goose_db_version WHERE is_applied ORDER BY id')).map(({ version }) =>
    Number(version),
  )

/** Sets the image of the api Deployment, as `kubectl set image` does. */
export const deployApi = ({ kubernetes }: Sandbox, of: string): void =>
  void kubernetes.client.update(deployments, 'api', namespace, (draft) => {
    const { template } = draft.spec as { readonly template: { readonly spec: { readonly containers: { image: string }[] } } }
    for (const container of template.spec.containers) container.image = of
  })

/** A client of an endpoint as the application is one; the caller ends it. */
export const connected = async ({ postgres }: Sandbox, servername: string): Promise<Client> => {
  const { user, database, password, ca } = postgres
  const client = new Client({ host: '127.0.0.1', port: postgres.portOf(servername), user, database, password, ssl: { ca, servername } })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** A pod took the migration's lock through the pooler and was killed: the lock stays with the pooler's connection. */
export const strandLock = async (sandbox: Sandbox): Promise<void> => {
  const [client, other] = await Promise.all([
    connected(sandbox, sandbox.postgres.poolerHost),
    connected(sandbox, sandbox.postgres.poolerHost),
  ])
  // The pooler lends first what came back last: whoever comes next gets the other's connection, and waits.
  await other.query('BEGIN')
  await client.query('SELECT pg_advisory_lock($1)', [lockKey])
  await client.end()
  await other.query('COMMIT')
  await other.end()
}

const gateKey = 77

/** Statements at which a migration waits until the gate opens: no clock decides who is first. */
export const gate = `SET lock_timeout = 0;\nSELECT pg_advisory_lock(${gateKey});`

/** Closes the gate; returns what opens it. */
export const holdGate = async (sandbox: Sandbox): Promise<() => Promise<void>> => {
  const client = await connected(sandbox, sandbox.postgres.directHost)
  await client.query('SELECT pg_advisory_lock($1)', [gateKey])
  return () => client.end()
}

/** Reads a table in a transaction that stays open; returns what ends it. */
export const holdTable = async (sandbox: Sandbox, table: string): Promise<() => Promise<void>> => {
  const client = await connected(sandbox, sandbox.postgres.directHost)
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS SHARE MODE`)
  return () => client.end()
}

export const waitingAtGate = async ({ postgres }: Sandbox): Promise<number> =>
  (await postgres.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${gateKey} AND NOT granted`)).length

/** For polls: the machine may be busy. */
export const patient = { timeout: 25_000, interval: 50 } as const
