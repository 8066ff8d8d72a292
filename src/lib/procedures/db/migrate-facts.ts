import type { MigrationFacts } from '../../facts/db/gather-migrations.ts'
import { gatherMigrations, tagOf } from '../../facts/db/gather-migrations.ts'
import { withMeasured } from '../../facts/db/measured.ts'
import { apiContainer, jobName } from '../../facts/db/migrate-job.ts'
import { gooseCommand, manifestDifferences } from '../../facts/db/migrate-manifest.ts'
import { timeoutOf } from '../../facts/db/snapshots.ts'
import type { Container, KubeManifest } from '../../systems/kube/types.ts'
import type { Rehearsal } from '../../systems/scratch/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** The Job's manifest in the checkout (ch08). */
export const manifestFile = 'deploy-k3s/manifests/migrate/job.yaml'

/** The manifest with the image in it, or why it cannot be used. */
export type Manifest =
  | {
      readonly usable: true
      readonly object: KubeManifest
      readonly container: string
      /** What the container is started with, as words; '' where the image's own is run. */
      readonly command: string
      readonly retries: number
      /** Of the statements that it runs, where it sets one: milliseconds. */
      readonly lockTimeout: number | undefined
    }
  | { readonly usable: false; readonly because: string }

/** What a run of migrations is planned on. */
export interface MigrateFacts extends MigrationFacts {
  readonly namespace: string
  readonly manifest: Manifest
  /** How the pending files went elsewhere, where that was asked for. */
  readonly rehearsal?: Rehearsal
}

export const gatherMigrate = async (
  look: Readers<'kube' | 'postgres' | 'checkout' | 'registry'>,
  namespace: string,
  asked: string | undefined,
): Promise<MigrateFacts> => {
  const [facts, lying] = await Promise.all([gatherMigrations(look, namespace, asked), look.checkout.yaml(manifestFile)])
  const tag = tagOf(facts.image)
  // Where git does not know the tag, that is refused already.
  if (tag === undefined || facts.files === undefined) return { ...facts, namespace, manifest: manifestOf(lying, facts.image) }
  const committed = await look.checkout.yamlAt(tag, manifestFile)
  return { ...facts, namespace, manifest: sameManifest(lying, committed, tag) ?? manifestOf(committed, facts.image) }
}

/** Runs what is pending over the live schema without its rows, on a PostgreSQL of our own. */
export const rehearsed = async (facts: MigrateFacts, { postgres, scratch }: Readers<'postgres' | 'scratch'>): Promise<MigrateFacts> => {
  const { target, versions, state, sizes, files = [] } = facts
  if (state.pending.length === 0) return facts
  const replaced = state.pending.find(({ envsub, strange }) => envsub || strange !== undefined)
  if (replaced) {
    const unable = replaced.strange
      ? `${replaced.name} is ${replaced.strange}`
      : `${replaced.name} takes values of the environment (ENVSUB), and only the Job has them`
    return { ...facts, rehearsal: { failure: undefined, unable, lines: [], measured: [] } }
  }
  const layout = await postgres.layout(target)
  const rehearsal = await scratch.rehearse(
    { layout, versions: versions.applied.map(({ version }) => version), versionSchema: versions.schema ?? 'public', user: target.user },
    files,
  )
  return { ...facts, rehearsal, statements: withMeasured(facts.statements, rehearsal.measured, sizes) }
}

interface JobShape extends KubeManifest {
  readonly spec?: {
    readonly backoffLimit?: number
    readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } }
  }
}

/** Why the manifest of the working copy cannot stand for the image's own; a deploy, and the shell lines, would take the former. */
const sameManifest = (lying: unknown, committed: unknown, tag: string): Manifest | undefined => {
  if (committed === undefined) return { usable: false, because: `git has no ${manifestFile} at ${tag}, or it is no YAML` }
  const differences = manifestDifferences(lying, committed)
  if (differences.length === 0) return undefined
  const because = `${manifestFile} of the working copy is another one than at ${tag}: ${differences.join('; ')} (git checkout ${tag} -- ${manifestFile} puts it back)`
  return { usable: false, because }
}

/** As far as anything is read of it. */
const isContainer = (one: unknown): one is Container => {
  const { name, image = '' } = (one ?? {}) as { readonly name?: unknown; readonly image?: unknown }
  return typeof name === 'string' && typeof image === 'string'
}

const manifestOf = (found: unknown, image: string): Manifest => {
  if (found === undefined) return { usable: false, because: `${manifestFile} is not in the checkout, or is no YAML` }
  const job = (found ?? {}) as Partial<JobShape>
  const listed: unknown = job.spec?.template?.spec?.containers
  const containers = Array.isArray(listed) && listed.every(isContainer) ? listed : []
  const one = apiContainer(containers)
  if (job.kind !== 'Job' || job.metadata?.name !== jobName || one === undefined || job.apiVersion === undefined)
    return { usable: false, because: `${manifestFile} is no Job ${jobName} with a container` }
  const command = [one.command, one.args].flat().filter(Boolean).join(' ').replace(/\s+/g, ' ')
  const other = gooseCommand(command)
  if (other !== undefined && other !== 'up')
    return { usable: false, because: `${manifestFile} runs "goose ${other}", not "goose up": ${command}` }
  const object = {
    ...job,
    apiVersion: job.apiVersion,
    kind: job.kind,
    metadata: job.metadata,
    spec: {
      ...job.spec,
      template: {
        ...job.spec?.template,
        spec: {
          ...job.spec?.template?.spec,
          containers: containers.map((container) => (container === one ? { ...container, image } : container)),
        },
      },
    },
  }
  return {
    usable: true,
    object,
    container: one.name,
    command,
    retries: job.spec?.backoffLimit ?? 6,
    lockTimeout: timeoutOf(JSON.stringify(job.spec)),
  }
}
