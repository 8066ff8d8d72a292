import { environmentOf } from '../../environment-file.ts'
import { writable } from '../../facts/checkout/writable.ts'
import { keySaid } from '../../facts/config/last-set.ts'
import { sources } from '../../facts/config/values.ts'
import { masked } from '../../masked.ts'
import { argument, toggle } from '../../plan/choice.ts'
import { every, fails, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Gate } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { healthAnswers } from './health-answers.ts'
import { type NewValue, restartConsumer } from './restart-consumer.ts'
import { gatherSet, maySet, type SetFacts } from './set-facts.ts'

type Needs = 'kube' | 'postgres' | 'checkout' | 'http'

/** One key of the ConfigMap, and of the file that the next deploy makes it from, and every pod that reads it starts anew, one workload after another. */
export const configSet = defineProcedure({
  id: 'config:set',
  title: 'Set a key of the configuration, and restart who reads it',
  needs: ['kube', 'postgres', 'checkout', 'http'],
  choices: {
    setting: argument({ about: 'KEY=VALUE', ask: 'Which key, and which value? KEY=VALUE', refuse: (value) => wrongWith(value) }),
    new: toggle({ about: 'the key may be one that neither the ConfigMap nor the checkout has' }),
  },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherSet(input, look, context),
  subject: ({ key }) => key,
  target: ({ namespace, configMap, key, present, secret }) => [
    `ConfigMap ${namespace}/${configMap}, ${key} ${secret !== undefined ? `from ${secret}` : present === undefined ? 'not set' : `now ${shown(key, present)}`}`,
  ],
  beyond: (facts) => (facts.secret === undefined ? beyond(facts) : []),
  steps: (facts) =>
    facts.secret === undefined
      ? [
          // The source first: once the ConfigMap has the value, nobody knows any more which former one to look for there.
          setInSource(facts),
          setInConfigMap(facts),
          ...facts.consumers.filter(({ replicas }) => replicas > 0).flatMap((consumer) => restartConsumer(newValue(facts), consumer)),
          ...(facts.consumers.length > 0 ? [healthAnswers(facts.health)] : []),
        ]
      : [belongsToSecret(facts.key, facts.secret)],
})

const name = /^[A-Za-z_]\w*$/

const wrongWith = (typed: string): string | undefined => {
  const [, key, value] = /^([^=]*)=(.*)$/s.exec(typed) ?? []
  if (key === undefined || value === undefined) return 'it has no "=": KEY=VALUE'
  if (!name.test(key)) return 'its key is no name of a variable: letters, digits and "_"'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  if (/[\u0000-\u001f\u007f]/.test(value)) return 'its value is to be one line without control characters'
  return masked(typed) === typed ? undefined : `${key} has the look of a secret, and a ConfigMap hides nothing: it belongs in a Secret`
}

/** A value of the world: what has the look of a secret stays unseen. */
const shown = (key: string, value: string): string => masked(`${key}=${value}`).slice(key.length + 1) || 'empty'

const newValue = (facts: SetFacts): NewValue => ({
  ...facts,
  with: `${facts.key}=${facts.target}`,
  may: maySet(facts),
  moved: { code: 'config-moved', next: 'honeydue config:diff' },
})

/** Nothing of the value goes any further than here. */
const belongsToSecret = (key: string, secret: string): Change<Needs> => {
  const because = `${key} comes from ${secret}, and never from a ConfigMap, which hides nothing`
  return {
    title: `Set ${key.slice(0, 50)}`,
    check: async () => fails(because, 'honeydue runbook:find rotate a secret'),
    apply: async () => {},
    verify: async () => fails(because),
    undo: { impossible: 'nothing is done' },
  }
}

const setInConfigMap = (facts: SetFacts): Change<Needs> => {
  const { namespace, configMap, key, present, target, version } = facts
  const value = { namespace, name: configMap, key }
  return {
    title: `Set ${key.slice(0, 24)} in ${configMap.slice(0, 30)}`,
    effect: [
      {
        what: `ConfigMap ${namespace}/${configMap}, ${key}`,
        before: present === undefined ? 'not set' : shown(key, present),
        after: shown(key, target),
      },
    ],
    check: async () => maySet(facts),
    apply: (write) =>
      present === undefined
        ? write.kube.addConfigMapValue({ ...value, to: target, resourceVersion: version })
        : write.kube.setConfigMapValue({ ...value, from: present, to: target }),
    verify: async (look) => {
      const found = await look.kube.get('ConfigMap', configMap, namespace)
      return when(found?.data?.[key] === target, keySaid(found, key), 'honeydue config:diff')
    },
    shows: (prove) => prove.kube.value({ ...value, value: target }),
    undo: (write) =>
      present === undefined
        ? write.kube.removeConfigMapValue({ ...value, from: target })
        : write.kube.setConfigMapValue({ ...value, from: target, to: present }),
  }
}

/** Where exactly one place says the value, it is changed; a key that no place has is added where variables stand by their names. */
const setInSource = (facts: SetFacts): Change<Needs> | Gate<Needs> => {
  const { key, target, source, checkout } = facts
  const title = `Set ${key.slice(0, 24)} in `
  const inFile = (file: string) => ({
    check: async (look: Readers<Needs>) => every([maySet(facts), await writable(look, [file])]),
    verify: async (look: Readers<Needs>) => {
      const said = environmentOf((await look.checkout.text(sources.environment)) ?? '').get(key)?.value
      return when(said === target, `${sources.environment} says ${said === undefined ? 'nothing' : shown(key, said)}`)
    },
  })
  switch (source.does) {
    case 'asks':
      return {
        title: `Name ${key.slice(0, 20)} where the next deploy takes it from`,
        ask: `${source.because}. Does ${checkout} give ${key} the value ${shown(key, target)} now? The next deploy makes the ConfigMap from it.`,
        needless: async (look) => {
          const said = environmentOf((await look.checkout.text(sources.environment)) ?? '').get(key)?.value
          return when(said === target, `${sources.environment} does not say so`)
        },
      }
    case 'nothing':
      return {
        title: `${title}${source.file}`,
        verify: async (look) => {
          const said =
            source.file === sources.yaml
              ? ((await look.checkout.scalars(source.file, target)) ?? []).length > 0
              : environmentOf((await look.checkout.text(source.file)) ?? '').get(key)?.value === target
          return when(said, `${source.file} does not say ${shown(key, target)} any more`)
        },
        apply: async () => {},
        undo: async () => {},
      }
    case 'sets a line': {
      const change = { file: sources.environment, line: source.setting.line, from: source.setting.said, to: source.to }
      return {
        title: `${title}${change.file}`,
        effect: [{ what: `${change.file}:${change.line}, ${key}`, before: shown(key, source.setting.value), after: shown(key, target) }],
        ...inFile(change.file),
        apply: (write) => write.checkout.setWord(change),
        shows: (prove) => prove.checkout.named({ file: change.file, line: change.line, value: change.to }),
        undo: (write) => write.checkout.setWord({ ...change, from: change.to, to: change.from }),
      }
    }
    case 'adds a line': {
      const change = { file: sources.environment, key, line: source.line }
      return {
        title: `${title}${change.file}`,
        effect: [{ what: `${change.file}, ${key}`, before: 'not set', after: shown(key, target) }],
        ...inFile(change.file),
        apply: (write) => write.checkout.addSetting(change),
        shows: (prove) => prove.checkout.line(change),
        undo: (write) => write.checkout.removeSetting(change),
      }
    }
    case 'sets a scalar': {
      const { scalar, from } = source
      const change = { file: sources.yaml, key: scalar.key, line: scalar.line, from, to: target }
      return {
        title: `${title}${change.file}`,
        effect: [{ what: `${change.file}:${change.line}, ${change.key}`, before: shown(key, from), after: shown(key, target) }],
        check: inFile(change.file).check,
        apply: (write) => write.checkout.setScalar(change),
        verify: async (look) => {
          const named = (await look.checkout.scalars(change.file, target)) ?? []
          return when(
            named.some((one) => one.key === change.key),
            `${change.file} still says ${shown(key, from)}`,
          )
        },
        shows: (prove) => prove.checkout.named({ file: change.file, line: change.line, value: target }),
        undo: (write) => write.checkout.setScalar({ ...change, from: target, to: from }),
      }
    }
  }
}

const beyond = ({ key, consumers, own, broken, source, health }: SetFacts): readonly string[] => [
  ...(consumers.length === 0 ? [`No workload reads ${key}: nothing is restarted`] : []),
  ...own.flatMap(({ workload, value, from }) =>
    value === undefined ? [`${workload} has ${key} from ${from} and not from the ConfigMap: it stays as it is`] : [],
  ),
  ...consumers.flatMap(({ deployment: { metadata }, replicas }) => [
    ...(replicas === 0 ? [`${metadata.name} has no replicas: nothing of it is restarted`] : []),
    ...(broken.has(metadata.name) ? [`${metadata.name} cannot serve now: ${broken.get(metadata.name)}`] : []),
  ]),
  ...source.beside.map(
    ({ key: where, line }) =>
      `${sources.yaml}:${line}, ${where}, has the present value too: where ${key} is made from it, the next deploy undoes this`,
  ),
  ...(source.does === 'adds a line'
    ? [
        `No file of the checkout had ${key}: whether 03-deploy.sh takes it from ${sources.environment} is not known; honeydue config:diff looks after the next deploy`,
      ]
    : []),
  ...(consumers.length === 0 || health.answers ? [] : [`${health.url} does not answer 200 now: it is asked again at the end`]),
]
