import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { lockKey } from '../../src/lib/sandbox/deployment/auto-migrate.ts'
import { image, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { addCommit, manifestFile } from '../../src/lib/sandbox/deployment/repository.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

const deployments = { group: 'apps', resource: 'deployments' }
const jobs = { group: 'batch', resource: 'jobs' }
const pods = { group: '', resource: 'pods' }
const name = 'honeydue-migrate'

/** Statements as a file of goose. */
export const inTransaction = (up: string): string => `-- +goose Up\n${up}\n\n-- +goose Down\nSELECT 1;\n`
export const noTransaction = (up: string): string => `-- +goose NO TRANSACTION\n${inTransaction(up)}`

/** Writes these migrations, commits what the folder then holds, and tags the commit: an image with that tag exists from now on. */
export const release = async (
  { environment: { checkout } }: Sandbox,
  tag: string,
  files: Readonly<Record<string, string>>,
): Promise<string> => {
  const folder = join(checkout, 'migrations')
  for (const [file, sql] of Object.entries(files)) await writeFile(join(folder, file), sql)
  const names = await readdir(folder)
  const texts = await Promise.all(names.map(async (name) => [`migrations/${name}`, await readFile(join(folder, name), 'utf8')] as const))
  const at = new Date().toISOString()
  await addCommit(checkout, { tag, at, message: tag, instead: 'migrations', files: Object.fromEntries(texts) })
  return image('api', tag)
}

/** Creates the Job as 03-deploy.sh does, with this image. `notes`: annotations of its pod, for the kubelet. */
export const startJob = async (sandbox: Sandbox, of: string, notes: Readonly<Record<string, string>> = {}): Promise<void> => {
  const manifest = parse(await readFile(join(sandbox.environment.checkout, manifestFile), 'utf8')) as KubeObject
  const { template } = manifest.spec as {
    readonly template: { metadata?: object; readonly spec: { readonly containers: { image: string }[] } }
  }
  for (const container of template.spec.containers) container.image = of
  template.metadata = { ...template.metadata, annotations: notes }
  sandbox.kubernetes.client.create(manifest, { manager: 'kubectl-client-side-apply' })
}

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
