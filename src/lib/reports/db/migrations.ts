import { reasonOf } from '../../errors.ts'
import { wakes } from '../../facts/db/activity.ts'
import { feltBy } from '../../facts/db/felt.ts'
import { gatherMigrations, type InRegistry, type MigrationFacts } from '../../facts/db/gather-migrations.ts'
import { type Era, plainVersion } from '../../facts/db/migration-state.ts'
import type { PendingStatement } from '../../facts/db/statements.ts'
import { optionalText } from '../../plan/choice.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { migrationFindings } from './migration-findings.ts'

/** Which schema version is applied, which files would run, and what their statements do to others. */
export const migrations = defineReport({
  id: 'db:migrations',
  title: 'Show which migrations are applied, in the image, pending, and what they do',
  needs: ['kube', 'postgres', 'checkout', 'registry'],
  choices: {
    image: optionalText({ about: 'compare with this image instead of the live api image' }),
  },
  look: async (input, look, { environment }) => {
    const facts = await gatherMigrations(look, environment.namespace, input.image)
    const { state, statements, versions, files, checkout, job, alive, invalid } = facts
    return {
      findings: migrationFindings(facts),
      tables: [fileTable(facts), ...(statements.length > 0 ? [statementTable(statements)] : [])],
      notes: [
        `${eras[state.era]}; read with SELECT on ${facts.target.host}`,
        `image ${facts.image}${facts.image === facts.liveImage ? ' (live)' : `; live is ${facts.liveImage}`}`,
        ...registryNotes(facts.registry),
        job ? `last Job ${job.outcome}, started ${when(job.startedAt)}, image ${job.image}` : 'no Job honeydue-migrate in the cluster',
        wakes,
      ],
      data: {
        era: state.era,
        current: plainVersion(state.current),
        applied: versions.applied.map(({ version, at }) => ({ version: plainVersion(version), at })),
        image: facts.image,
        inRegistry: facts.registry.answered ? facts.registry.digest !== undefined : null,
        digest: (facts.registry.answered && facts.registry.digest) || null,
        inImage: files?.map(({ name }) => name) ?? null,
        inCheckout: checkout.map(({ name }) => name),
        pending: state.pending.map(({ name }) => name),
        late: state.late.map(({ name }) => name),
        gaps: state.gaps.map(plainVersion),
        ahead: state.ahead.map(plainVersion),
        edited: state.edited,
        statements,
        invalidIndexes: invalid,
        job: job ? { ...job, migratesTo: job.migratesTo === undefined ? null : plainVersion(job.migratesTo) } : null,
        runners: alive,
      },
    }
  },
})

const registryNotes = (registry: InRegistry): readonly string[] => {
  if (!registry.answered) return [`whether it is in its registry is not known: ${reasonOf(registry.trouble)}`]
  return registry.digest === undefined ? [] : [`in its registry with the digest ${registry.digest.slice(0, 19)}`]
}

const eras: Readonly<Record<Era, string>> = {
  goose: 'goose keeps the schema',
  unmarked: 'goose_db_version has no version',
  automigrate: 'AutoMigrate keeps the schema',
  empty: 'the database is empty',
}

const when = (at: string | undefined): string => at?.slice(0, 16).replace('T', ' ').concat(' UTC') ?? 'never'

const fileTable = ({ versions, files, checkout, state }: MigrationFacts): Table => {
  const applied = new Map(versions.applied.map(({ version, at }) => [version, at.slice(0, 16)]))
  const named = new Map([...checkout, ...(files ?? [])].map(({ version, name }) => [version, name]))
  const numbers = [...new Set([...applied.keys(), ...named.keys()])].sort((a, b) => (a < b ? -1 : 1))
  const inImage = (version: bigint) => (files === undefined ? '?' : files.some((file) => file.version === version) ? 'yes' : 'no')
  const standing = (version: bigint): string =>
    applied.get(version) ??
    (state.late.some((file) => file.version === version) ? 'late' : version > state.current ? 'pending' : 'not applied')
  return {
    columns: ['file', 'applied (UTC)', 'image', 'checkout'],
    rows: numbers.map((version) => [
      named.get(version) ?? `${version} (no file)`,
      standing(version),
      inImage(version),
      checkout.some((file) => file.version === version) ? 'yes' : 'no',
    ]),
  }
}

const statementTable = (statements: readonly PendingStatement[]): Table => ({
  title: 'Pending statements, the worst first',
  columns: ['file', 'others feel', 'statement'],
  rows: statements.map((statement) => [
    statement.file.replace(/_.*/, ''),
    feltBy(statement),
    statement.text.length > 40 ? `${statement.text.slice(0, 39)}…` : statement.text,
  ]),
})
