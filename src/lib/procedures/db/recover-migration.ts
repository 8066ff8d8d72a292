import { oneOf, optionalText } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { diagnose, ways } from './diagnosis.ts'
import { ranHere, unasked } from './migrate-unsaid.ts'
import { gatherRecover } from './recover-facts.ts'
import { chosenWay, recoverSteps } from './recover-steps.ts'

/** §27: finds out how far a migration came, and takes the safest way out, or the one that is asked for. */
export const recoverMigration = defineProcedure({
  id: 'db:recover-migration',
  section: 27,
  title: 'Recover from a failed or interrupted migration',
  needs: ['kube', 'postgres', 'checkout', 'registry', 'scratch'],
  choices: {
    way: { ...oneOf(['found', ...ways], { about: 'which way out; found: the safest that fits', ask: 'Which way out?' }), default: 'found' },
    image: optionalText({ about: 'whose migrations it is about (default: the image of the last Job, else the live one)' }),
  },
  risk: ({ way }) => (way === 'wait' ? 'routine' : 'irreversible'),
  // The Job that failed is removed before the next one runs.
  consumesFacts: true,
  gather: async ({ way, image }, look, { environment }) => {
    const facts = await gatherRecover(look, environment.namespace, image)
    return { ...facts, way: chosenWay(way, diagnose(facts)) }
  },
  subject: ({ target }) => target.database,
  target: (facts) => {
    const { found } = diagnose(facts)
    return [
      `version ${facts.state.current}`,
      `image ${facts.image}`,
      ...(found.length > 0 ? found : ['nothing is broken: no Job failed, no index is invalid, nothing is half there']),
    ]
  },
  beyond: (facts) => [
    ...diagnose(facts)
      .ways.filter(({ way }) => way !== facts.way)
      .map(({ way, because }) => `Another way out, --way ${way}: ${because}`),
    ...(facts.progress?.trouble ? [`${facts.progress.trouble.failed}: how far the file came is not known`] : []),
    ...(facts.progress === undefined ? [] : [ranHere]),
    ...unasked(facts),
  ],
  steps: (facts) => recoverSteps(facts, diagnose(facts)),
})
