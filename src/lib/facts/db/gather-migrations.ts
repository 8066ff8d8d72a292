import { Blocked, Trouble } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { FileChange } from '../../systems/checkout/types.ts'
import type { InvalidIndex, PostgresTarget, Session, TableSize, VersionTable } from '../../systems/postgres/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { answer } from '../answer.ts'
import { folderRefusal, type MigrationFile, readMigrations } from './goose-file.ts'
import { apiContainer, gatherRunners, type Runners } from './migrate-job.ts'
import { changedSince, type MigrationState, stateOf } from './migration-state.ts'
import { functionsIn, type PendingStatement, pendingStatements, readStatements } from './statements.ts'

/** Where the API repository keeps them (ch08). */
const migrationsFolder = 'migrations'

/** Everything that the commands about migrations look at. */
export interface MigrationFacts extends Runners {
  readonly target: PostgresTarget
  readonly versions: VersionTable
  readonly invalid: readonly InvalidIndex[]
  readonly sessions: readonly Session[]
  readonly sizes: readonly TableSize[]
  /** The api Deployment's. */
  readonly liveImage: string
  /** The one whose files would run: the asked one, else the live one. */
  readonly image: string
  /** Its files, as git has them at its tag; undefined where git knows no such commit. */
  readonly files: readonly MigrationFile[] | undefined
  /** Why goose refuses all of them before it runs any: two of one number, a .sql file without one. */
  readonly refusal: string | undefined
  /** Those of the working copy. */
  readonly checkout: readonly MigrationFile[]
  readonly state: MigrationState
  /** Of the pending files, by PostgreSQL's grammar and what the live database says of tables and functions. */
  readonly statements: readonly PendingStatement[]
  /** Why git could not be asked. */
  readonly noGit: Trouble | undefined
  readonly registry: InRegistry
}

/** What the image's registry says of it: its digest, that there is no such image, or nothing. */
export type InRegistry =
  | { readonly answered: true; readonly digest: string | undefined }
  | { readonly answered: false; readonly trouble: Trouble }

type Look = Readers<'kube' | 'postgres' | 'checkout' | 'registry'>

/** Reads through the direct host: refuses where that answers as a pooler, throws where it does not answer. */
export const gatherMigrations = async (look: Look, namespace: string, asked?: string): Promise<MigrationFacts> => {
  const [{ direct: target }, liveImage, runners, checkout] = await Promise.all([
    look.postgres.application(),
    apiImage(look, namespace),
    gatherRunners(look.kube, namespace),
    look.checkout.files(migrationsFolder),
  ])
  const image = imageNamed(asked, liveImage)
  const [here, known, registry, looked] = await Promise.all([
    look.postgres.endpoint(target),
    filesOf(look, image),
    inRegistry(look, image),
    answer(
      Promise.all([
        look.postgres.versions(target),
        look.postgres.invalidIndexes(target),
        look.postgres.sessions(target),
        look.postgres.tableSizes(target),
      ]),
    ),
  ])
  if (!here.reachable) throw here.trouble
  if (here.pooled) throw pooled(target.host)
  if (!looked.answered) throw looked.error
  const [versions, invalid, sessions, sizes] = looked.value
  const state = stateOf(versions, known.files ?? [], known.history, await earlierOf(look, versions, known))
  return {
    target,
    versions,
    invalid,
    sessions,
    sizes,
    liveImage,
    image,
    files: known.files,
    refusal: known.refusal,
    checkout: readMigrations(checkout),
    state,
    statements: await statementsOf(look, target, state, sizes),
    noGit: known.trouble,
    registry,
    ...runners,
  }
}

/** A tag alone, as 03-deploy.sh takes it, is one of the live image's repository. */
export const imageNamed = (asked: string | undefined, live: string): string =>
  asked === undefined || !/^\w[\w.-]*$/.test(asked)
    ? (asked ?? live)
    : `${live.replace(/(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]+)?$/, '')}:${asked}`

/** A tag is the short name of the commit that the image was built from (ch11). */
export const tagOf = (image: string): string | undefined => /[^/]:([\w][\w.-]*)(?:@sha256:[0-9a-f]+)?$/.exec(image)?.[1]

interface Known {
  readonly files: readonly MigrationFile[] | undefined
  readonly refusal: string | undefined
  readonly history: readonly FileChange[]
  readonly trouble: Trouble | undefined
}

const filesOf = async ({ checkout }: Look, image: string): Promise<Known> => {
  const tag = tagOf(image)
  if (tag === undefined) return { files: undefined, refusal: undefined, history: [], trouble: undefined }
  try {
    const [files, history] = await Promise.all([checkout.filesAt(tag, migrationsFolder), checkout.history(tag, migrationsFolder)])
    return { files: files && readMigrations(files), refusal: files && folderRefusal(files), history, trouble: undefined }
  } catch (error) {
    if (error instanceof Trouble) return { files: undefined, refusal: undefined, history: [], trouble: error }
    throw error
  }
}

/** The grammar is loaded only where something is pending. */
const statementsOf = async (
  { postgres }: Look,
  target: PostgresTarget,
  { pending }: MigrationState,
  sizes: readonly TableSize[],
): Promise<readonly PendingStatement[]> => {
  if (pending.length === 0) return []
  const { loadGrammar } = await import('../../sql/grammar.ts')
  const sent = readStatements(await loadGrammar(), pending)
  return pendingStatements(sent, await postgres.surroundings(target, functionsIn(sent)), sizes)
}

/** What goose read of changed files when they were applied, by git's name of the text. */
const earlierOf = async (
  { checkout }: Look,
  versions: VersionTable,
  { files = [], history }: Known,
): Promise<ReadonlyMap<string, MigrationFile>> => {
  const changed = changedSince(versions, files, history)
  const texts = await checkout.texts(changed.map(({ was }) => was))
  return new Map(
    changed.flatMap(({ file, was }, i) => readMigrations([{ name: file.name, text: texts[i] ?? '' }]).map((one) => [was, one])),
  )
}

const inRegistry = async ({ registry }: Look, image: string): Promise<InRegistry> => {
  try {
    return { answered: true, digest: await registry.digest(image) }
  } catch (error) {
    if (error instanceof Trouble) return { answered: false, trouble: error }
    throw error
  }
}

const apiImage = async ({ kube }: Look, namespace: string): Promise<string> => {
  const api = await kube.get('Deployment', 'api', namespace)
  const image = api && apiContainer(api.spec.template.spec.containers)?.image
  if (image !== undefined) return image
  throw new Blocked({
    code: 'db-no-api',
    failed: `There is no Deployment ${namespace}/api`,
    cause: 'Its image is the one whose migrations would run',
    next: sh`kubectl -n ${namespace} get deployments`,
  })
}

export const pooled = (host: string): Blocked =>
  new Blocked({
    code: 'db-not-direct',
    failed: `${host} answers as a pooler`,
    cause: 'Its process id is not that of the backend: what it shows belongs to whoever borrowed the connection',
    next: 'honeydue db:status',
  })
