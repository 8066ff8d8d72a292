import { Trouble } from '../../errors.ts'
import { gatherActivity } from '../../facts/db/activity.ts'
import { heldLocks } from '../../facts/db/locks.ts'
import { gatherRunners } from '../../facts/db/migrate-job.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import { builtSoFar } from '../../facts/db/schema-difference.ts'
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

const progressOf = async (
  { state, files, target }: MigrateFacts,
  { scratch, postgres }: Readers<'scratch' | 'postgres'>,
): Promise<Progress | undefined> => {
  const [first] = state.pending
  if (first === undefined || files === undefined) return undefined
  const before = files.filter(({ version }) => version < first.version)
  try {
    const [live, without, with_] = await Promise.all([
      postgres.schema(target),
      scratch.build(before, target.user),
      scratch.build([...before, first], target.user),
    ])
    if (without.failure !== undefined) return { built: 'unclear', there: [], missing: [] }
    const so = builtSoFar(live, without.schema, with_.schema)
    // Where it fails elsewhere too, it has built there what came before the failing statement: more can be missing.
    return with_.failure !== undefined && so.built === 'all' ? { ...so, built: 'part', missing: ['what comes after'] } : so
  } catch (error) {
    if (error instanceof Trouble) return { built: 'unclear', there: [], missing: [], trouble: error }
    throw error
  }
}

const hangingPods = async ({ kube }: Readers<'kube'>, namespace: string): Promise<readonly string[]> => {
  const api = await kube.get('Deployment', 'api', namespace)
  const labels = Object.entries(api?.spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const pods = labels.length === 0 ? [] : await kube.pods({ namespace, labels: labels.join(',') })
  const logs = await Promise.all(
    pods.map(async ({ metadata: { name } }) => ({ name, log: await kube.log({ namespace, pod: name, tail: 1 }).catch(() => []) })),
  )
  return logs.filter(({ log }) => log.at(-1)?.includes(acquiring)).map(({ name }) => name)
}
