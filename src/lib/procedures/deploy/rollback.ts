import { counted } from '../../counted.ts'
import { isRollingOut } from '../../facts/cluster/rollout.ts'
import { type Backwards, gatherBackwards } from '../../facts/db/backwards.ts'
import { tagOf } from '../../facts/db/gather-migrations.ts'
import { builtWorkloads, mainContainer, revisionOf } from '../../facts/deploy/release.ts'
import { isNotPaused } from '../../facts/deploy/workload.ts'
import { optionalArguments, text } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherMoves, type MoveFacts, mayMove } from './image-facts.ts'
import { isThere, versionOf } from './move-image.ts'
import { releaseSteps } from './release-steps.ts'
import { isRevision, rollbackTarget } from './rollback-target.ts'

interface RollbackFacts extends MoveFacts {
  readonly to: string
  /** Exactly one workload was named. */
  readonly one: boolean
  readonly backwards: Backwards
}

/** Back to a commit or a revision that ran before, as far as the schema allows it; what a rollback does not bring back is said. */
export const rollback = defineProcedure({
  id: 'deploy:rollback',
  title: 'Bring the workloads back to what they ran before',
  needs: ['kube', 'registry', 'checkout', 'postgres', 'redis', 'http'],
  choices: {
    workload: optionalArguments({ about: 'only these of api, worker, web and admin; all of them without a name' }),
    to: text({
      about: 'the commit (the tag of its images), or with one workload a revision of it',
      ask: 'Back to which commit?',
      refuse: (value) => (/^[\w][\w.-]{0,127}$/.test(value) ? undefined : `"${value}" is neither a tag nor a revision`),
    }),
  },
  offers: {
    to: async (look, { environment: { namespace } }) => {
      const sets = await look.kube.list('ReplicaSet', { namespace })
      const named = sets.flatMap((set) => {
        const owner = set.metadata.ownerReferences?.find(({ kind }) => kind === 'Deployment')?.name ?? ''
        const tag = tagOf(mainContainer(owner, set.spec.template.spec.containers)?.image ?? '')
        return tag !== undefined && builtWorkloads.some((one) => one === owner)
          ? [{ tag, of: `revision ${revisionOf(set) ?? '?'} of ${owner}` }]
          : []
      })
      return [...new Set(named.map(({ tag }) => tag))].map((tag) => ({
        value: tag,
        about: named.flatMap((one) => (one.tag === tag ? [one.of] : [])).join(', '),
      }))
    },
  },
  risk: () => 'disruptive',
  gather: async ({ workload, to }, look, context): Promise<RollbackFacts> => {
    const facts = await gatherMoves(look, context, workload, (release) => rollbackTarget(release, to))
    const backwards = facts.schema ? await gatherBackwards(look, facts.schema) : { obstacles: [], unknown: [], additive: [] }
    return { ...facts, to, one: new Set(workload).size === 1, backwards }
  },
  subject: ({ to }) => to,
  target: (facts) => [
    ...facts.targets.map(
      ({ name, replicas, from, deployment }) =>
        `${name}, ${counted(replicas, 'replica')}, now revision ${revisionOf(deployment) ?? '?'} (${versionOf(from)})`,
    ),
  ],
  beyond: ({ targets, backwards }) => [
    'It does not bring back the ConfigMap, the Secrets or the schema, nor what is queued: jobs that the newer code has queued are run by the older',
    ...(backwards.additive.length > 0
      ? [`The schema stays ahead, at version ${backwards.additive.join(', ')}, which only added: the older code does not look at it`]
      : []),
    ...targets.flatMap(({ name, deployment }) =>
      isRollingOut(deployment) ? [`The rollout of ${name} that runs now is left where it is`] : [],
    ),
    'The next deploy brings what the checkout has: take the commit back there too',
  ],
  steps: (facts) => {
    const check = async () =>
      every([
        isRevision(facts.to) && !facts.one ? fails('each workload counts its own revisions: name one workload, or a commit') : holds,
        // A rollout that runs, or is stuck, is what a rollback cures.
        mayMove(facts, isNotPaused),
        runsOnSchema(facts),
      ])
    return releaseSteps(facts, check)
  },
})

/** Every applied migration that the image lacks has only added. */
const runsOnSchema = ({ schema, targets, backwards }: RollbackFacts): Finding => {
  if (schema === undefined || targets.every(isThere)) return holds
  const { state, files, image: of, noGit } = schema
  if (files === undefined)
    return fails(
      noGit?.failed ?? `the tag of ${of} names no commit of the checkout: which migrations it knows is not known`,
      'git fetch --tags',
    )
  const open = [...state.late, ...state.pending].map(({ name }) => name)
  const [first, ...more] = backwards.obstacles
  return every([
    when(
      open.length === 0,
      `${open.join(', ')} of ${versionOf(of)} ${open.length === 1 ? 'has' : 'have'} not run: that is no way back`,
      'honeydue db:migrations',
    ),
    when(
      backwards.unknown.length === 0,
      `what version ${backwards.unknown.join(', ')} did to the schema is not known: no commit at hand has its file`,
      'git fetch --tags',
    ),
    first === undefined
      ? holds
      : fails(
          `${versionOf(of)} may fail on the schema of today: ${first.file}${first.table === undefined ? '' : ` on ${first.table}`}: ${first.text}: ${first.because}${more.length > 0 ? `, and ${more.length} more` : ''}. The way on is forward: a commit that repairs it, or a restore point`,
          'honeydue db:status',
        ),
  ])
}
