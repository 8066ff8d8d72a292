import { manifestChanges } from '../../facts/config/manifest-changes.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure, type Step } from '../../plan/procedure.ts'
import { gatherApply } from './apply-facts.ts'
import { bringTo, canBeApplied, make } from './apply-steps.ts'

/** What a manifest says and the cluster does not have: made where it is missing, changed field by field where it differs. Never what rolls out, and never a Secret. */
export const apply = defineProcedure({
  id: 'config:apply',
  title: 'Bring the cluster to what a manifest says',
  needs: ['kube', 'checkout'],
  choices: { file: argument({ about: 'a manifest of the checkout, by its name: rbac.yaml', ask: 'Which manifest?' }) },
  offers: {
    file: async (look, { environment: { namespace } }) => {
      const differ = (await manifestChanges(look, namespace)).filter(({ does }) => does === 'makes' || does === 'changes')
      const files = [...new Set(differ.map(({ file }) => file))]
      return files.map((file) => {
        const of = differ.filter((one) => one.file === file)
        return { value: file, about: of.map(({ object, does }) => `${does} ${object}`).join(', ') }
      })
    },
  },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherApply(input.file, look, context),
  subject: ({ name }) => name,
  target: ({ objects, same }) => [
    ...objects.map(({ object, applied: { live } }) => `${object}${live ? '' : ', which is not there'}`),
    ...same,
  ],
  beyond: ({ same, objects }) => [
    'What the manifest no longer says stays in the cluster',
    ...(objects.some(({ manifest }) => manifest.kind === 'ConfigMap')
      ? ['Who reads a ConfigMap at its start has its former values until it is restarted: honeydue deploy:restart']
      : []),
    ...(same.length > 0 ? [`As the manifest says: ${same.join(', ')}`] : []),
  ],
  steps: (facts) => {
    const steps: readonly Step<'kube' | 'checkout'>[] = [
      ...(facts.against.ok ? [] : [canBeApplied(facts)]),
      ...facts.objects.map((one) => (one.applied.live ? bringTo(facts, one) : make(facts, one))),
    ]
    return steps
  },
})
