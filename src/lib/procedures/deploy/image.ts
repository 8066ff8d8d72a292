import { counted } from '../../counted.ts'
import { isSteady } from '../../facts/deploy/workload.ts'
import { text, texts, toggle } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { defineProcedure, type Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { gatherMoves, type MoveFacts, mayMove, reusedTag, type Target } from './image-facts.ts'
import { versionOf } from './move-image.ts'
import { releaseSteps } from './release-steps.ts'
import { repositoryOf } from './rollback-target.ts'

interface ImageFacts extends MoveFacts {
  readonly tag: string
}

/** The path of ch14 without the build: api first, the worker by stop and start, web and admin after, each seen to run before the next. */
export const image = defineProcedure({
  id: 'deploy:image',
  title: 'Bring the workloads to an image that is built',
  needs: ['kube', 'registry', 'checkout', 'postgres', 'redis', 'http'],
  choices: {
    tag: text({
      about: "the images' tag: the short name of the commit that they are built from",
      ask: 'Which tag?',
      refuse: (value) => (/^[\w][\w.-]{0,127}$/.test(value) ? undefined : `"${value}" is no tag of an image`),
    }),
    only: texts({ about: 'only this workload: api, worker, web or admin; may be given several times' }),
    'by-digest': toggle({ about: 'name the content that the registry has for the tag now, whatever the nodes have under it' }),
  },
  risk: () => 'disruptive',
  gather: async (input, look, context): Promise<ImageFacts> => {
    const facts = await gatherMoves(look, context, input.only, async ({ image }) => {
      const tagged = `${repositoryOf(image)}:${input.tag}`
      if (!input['by-digest']) return { image: tagged }
      const digest = await look.registry.digest(tagged)
      return { image: digest === undefined ? tagged : `${tagged}@${digest}` }
    })
    return { ...facts, tag: input.tag }
  },
  subject: ({ tag }) => tag,
  target: (facts) => [
    ...facts.targets.map(({ name, replicas, from }) => `${name}, ${counted(replicas, 'replica')}, now ${versionOf(from)}`),
  ],
  beyond: ({ targets, schema }) => [
    ...(schema?.files === undefined ? [] : [`The schema is at version ${schema.state.current}, which the image knows`]),
    'The ConfigMap and the manifests stay as they are: 03-deploy.sh applies those',
    ...targets.flatMap(({ name, replicas }) => (replicas === 0 ? [`${name} has no replicas: nothing of it starts`] : [])),
  ],
  steps: (facts) => {
    const check = async () =>
      every([
        mayMove(facts, isSteady),
        knowsSchema(facts),
        ...facts.targets.filter(({ from, to }) => from !== to).map((target) => reusedTag(target, facts)),
      ])
    return [...facts.targets.flatMap((target) => sameContent(target, facts)), ...releaseSteps(facts, check)]
  },
})

/** A workload that is set to the tag already, and whose pods run other content than the registry has for it: replacing nothing would call that done. */
const sameContent = (target: Target, facts: ImageFacts): readonly Proof<'kube'>[] => {
  const reused = target.from === target.to ? reusedTag(target, facts) : holds
  return reused.ok ? [] : [{ title: `Every pod of ${target.name} runs what the registry has for ${facts.tag}`, holds: async () => reused }]
}

/** Nothing pending and nothing that the image does not know; web and admin do not touch the schema. */
const knowsSchema = ({ schema, targets }: ImageFacts): Finding => {
  if (schema === undefined || targets.every(({ from, to }) => from === to)) return every([])
  const { state, files, image: of, noGit } = schema
  if (files === undefined)
    return fails(
      noGit?.failed ?? `the tag of ${of} names no commit of the checkout: which migrations it has is not known`,
      'git fetch --tags',
    )
  const open = [...state.late, ...state.pending].map(({ name }) => name)
  return every([
    when(state.era === 'goose', `goose does not keep the schema (${state.era})`, 'honeydue db:migrations'),
    when(
      open.length === 0,
      `${open.join(', ')} of ${versionOf(of)} ${open.length === 1 ? 'has' : 'have'} not run`,
      sh`honeydue db:migrate --image ${of} --dry-run`,
    ),
    when(
      state.ahead.length === 0,
      `the schema has version ${state.ahead.join(', ')}, which ${versionOf(of)} does not know: deploy:rollback says whether it can run on it`,
      sh`honeydue deploy:rollback --to ${versionOf(of)} --dry-run`,
    ),
  ])
}
