import { optionalText, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherMigrate, rehearsed } from './migrate-facts.ts'
import { refusals } from './migrate-refusals.ts'
import { migrateSteps } from './migrate-steps.ts'
import { unsaid } from './migrate-unsaid.ts'

/** §26: runs what is pending as the Job that 03-deploy.sh runs, and sees that it holds. */
export const migrate = defineProcedure({
  id: 'db:migrate',
  section: 26,
  title: 'Run the pending migrations as a Job',
  needs: ['kube', 'postgres', 'checkout', 'registry', 'scratch'],
  choices: {
    image: optionalText({
      about: 'whose migrations to run (default: the live api image)',
      refuse: (value) => (/^(?:[\w./-]+(:\d+\/[\w./-]+)?:)?\w[\w.-]*$/.test(value) ? undefined : `"${value}" is no image with a tag`),
    }),
    rehearse: toggle({ about: 'first run them on a private PostgreSQL with the live schema and no rows; a failure refuses the plan' }),
  },
  risk: () => 'irreversible',
  gather: async ({ image, rehearse }, look, { environment }) => {
    const facts = await gatherMigrate(look, environment.namespace, image)
    return rehearse ? rehearsed(facts, look) : facts
  },
  subject: ({ target }) => target.database,
  target: ({ versions, state, image, liveImage }) => [
    `version ${state.current}, ${versions.applied.length} applied`,
    `image ${image}${image === liveImage ? ', the live one' : `; live is ${liveImage}`}`,
  ],
  beyond: unsaid,
  steps: (facts) => migrateSteps(facts, refusals(facts)),
})
