import { Trouble } from '../../errors.ts'
import { gatherActivity } from '../../facts/db/activity.ts'
import type { MigrationFile } from '../../facts/db/goose-file.ts'
import { leavesNothing, leavesObjects } from '../../facts/db/leaves-objects.ts'
import { heldLocks } from '../../facts/db/locks.ts'
import { gatherRunners } from '../../facts/db/migrate-job.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import { builtSoFar, differencesOf } from '../../facts/db/schema-difference.ts'
import { squeezed } from '../../facts/db/squeezed.ts'
import { takeAway } from '../../facts/db/take-away.ts'
import type { Readers } from '../../systems/systems.ts'
import { gatherBaseline } from './baseline.ts'
import type { Progress, RecoverFacts } from './diagnosis.ts'
import { gatherMigrate, type MigrateFacts } from './migrate-facts.ts'

/** The application's own line (30966c6). */
const acquiring = 'Acquiring migration advisory lock...'

/** Everything that a diagnosis needs; the pooler is asked, and files are tried elsewhere, only where that can matter. */
export const gatherRecover = async (
  look: Readers<'kube' | 'postgres' | 'checkout' | 'scratch' | 'registry'>,
  namespace: string,
  image: string | undefined,
): Promise<RecoverFacts> => {
  // What a deploy could not migrate to is not live: the last Job names it.
  const asked = image ?? (await gatherRunners(look.kube, namespace)).job?.image
  const facts = await gatherMigrate(look, namespace, asked)
  const goose = facts.state.era === 'goose'
  // What still runs holds locks on what a comparison would read, and may yet change it.
  const runs = facts.alive.some(({ stuck }) => stuck === undefined) || runningStatements(facts.sessions, facts.files ?? []).length > 0
  const [progress, baseline, stranded, hanging] = await Promise.all([
    goose && !runs ? progressOf(facts, look) : undefined,
    runs ? { differences: [], failure: undefined } : gatherBaseline(facts, look),
    goose ? [] : gatherActivity(look.postgres).then((activity) => heldLocks(activity).filter((lock) => lock.stranded)),
    goose ? [] : hangingPods(look, namespace),
  ])
  return { ...facts, ...baseline, progress, stranded, hanging }
}

const progressOf = async (facts: MigrateFacts, { scratch, postgres }: Readers<'scratch' | 'postgres'>): Promise<Progress | undefined> => {
  const { state, files, target } = facts
  const [first] = state.pending
  if (first === undefined || files === undefined) return undefined
  const before = files.filter(({ version }) => version < first.version)
  const rest = restOf(facts, first)
  const told = first.statements.every((one) => leavesObjects(one) || leavesNothing(one))
  try {
    const [live, without, with_] = await Promise.all([
      postgres.schema(target),
      scratch.build(before, target.user),
      scratch.build([...before, first], target.user),
    ])
    if (without.failure !== undefined) return { ...nothingKnown, rest }
    const so = builtSoFar(live, without.schema, with_.schema)
    const there = differencesOf(without.schema, with_.schema).filter(({ what }) => so.there.includes(what))
    const all = {
      ...so,
      before: without.schema,
      after: with_.schema,
      rest,
      undo: takeAway(there),
      told: rest.stopped === undefined && told,
    }
    // Where it fails elsewhere too, it has built there what came before the failing statement: more can be missing.
    return with_.failure !== undefined && so.built === 'all' ? { ...all, built: 'part', missing: ['what comes after'] } : all
  } catch (error) {
    if (error instanceof Trouble) return { ...nothingKnown, rest, trouble: error }
    throw error
  }
}

/** What of the file is not known to have run: from the statement on at which goose says it stopped. */
const restOf = ({ job, image }: MigrateFacts, { name, statements }: MigrationFile): Progress['rest'] => {
  const failure = job?.outcome === 'failed' && job.image === image && job.failure?.file === name ? job.failure : undefined
  if (failure === undefined) return { stopped: undefined, statements }
  const said = failure.statement === undefined ? -1 : statements.findIndex((one) => squeezed(one) === squeezed(failure.statement ?? ''))
  return { stopped: said < 0 ? 'somewhere' : said + 1, statements: statements.slice(Math.max(0, said)) }
}

const nothingKnown = {
  built: 'unclear',
  there: [],
  missing: [],
  before: [],
  after: [],
  told: false,
  undo: { statements: [], words: [] },
} as const

const hangingPods = async ({ kube }: Readers<'kube'>, namespace: string): Promise<readonly string[]> => {
  const api = await kube.get('Deployment', 'api', namespace)
  const labels = Object.entries(api?.spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const pods = labels.length === 0 ? [] : await kube.pods({ namespace, labels: labels.join(',') })
  const logs = await Promise.all(
    pods.map(async ({ metadata: { name } }) => ({ name, log: await kube.log({ namespace, pod: name, tail: 1 }).catch(() => []) })),
  )
  return logs.filter(({ log }) => log.at(-1)?.includes(acquiring)).map(({ name }) => name)
}
