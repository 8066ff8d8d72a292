import { optionalText } from '../../plan/choice.ts'
import { fails } from '../../plan/finding.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { type Baseline, gatherBaseline, markBaseline } from './baseline.ts'
import { gatherMigrate, type MigrateFacts } from './migrate-facts.ts'
import { standing } from './migrate-refusals.ts'
import { migrateSteps } from './migrate-steps.ts'
import { ranHere, unasked } from './migrate-unsaid.ts'

/** §28: an empty database is migrated from its start; a schema that no version vouches for is compared with the baseline, and marked. */
export const bootstrapGoose = defineProcedure({
  id: 'db:bootstrap-goose',
  section: 28,
  title: 'Bootstrap goose on a schema without a version',
  needs: ['kube', 'postgres', 'checkout', 'registry', 'scratch'],
  choices: {
    image: optionalText({ about: 'whose first file is the baseline (default: the live api image)' }),
  },
  risk: () => 'irreversible',
  gather: async ({ image }, look, { environment }): Promise<MigrateFacts & Baseline> => {
    const facts = await gatherMigrate(look, environment.namespace, image)
    return { ...facts, ...(await gatherBaseline(facts, look)) }
  },
  subject: ({ target }) => target.database,
  target: ({ versions, state, image }) => [
    `${versions.tables} tables, ${state.era === 'goose' ? `version ${state.current}` : 'no version'}`,
    `image ${image}`,
  ],
  beyond: (facts) => {
    const { state, differences } = facts
    if (state.era === 'empty') return unasked(facts)
    if (state.era === 'goose') return state.pending.length > 0 ? [`${names(facts)} pending: honeydue db:migrate runs what is`] : []
    return differences.length > 0
      ? [ranHere]
      : [ranHere, 'The comparison is of objects: whether rows that the baseline inserts are there is not looked at']
  },
  steps: (facts) => {
    const { state, job, image } = facts
    if (state.era === 'empty') return migrateSteps(facts, standing(facts))
    if (state.era !== 'goose') return [markBaseline(facts)]
    const stopped = job?.outcome === 'failed' && job.image === image && state.pending.length > 0
    const because = `version ${state.current} is applied, and the Job stopped before ${names(facts)}: db:recover-migration goes on from there`
    return stopped ? [{ title: 'The run from the start came to its end', holds: async () => fails(because) }] : []
  },
})

const names = ({ state }: MigrateFacts): string => state.pending.map(({ name }) => name).join(', ')
