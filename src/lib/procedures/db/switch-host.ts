import { counted } from '../../counted.ts'
import { writable } from '../../facts/checkout/writable.ts'
import { keySaid } from '../../facts/config/last-set.ts'
import { hostKey } from '../../facts/db/db-host.ts'
import { oneOf } from '../../plan/choice.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Gate } from '../../plan/procedure.ts'
import { healthAnswers } from '../config/health-answers.ts'
import { type NewValue, restartConsumer } from '../config/restart-consumer.ts'
import { gatherSwitchHost, maySwitch, type SwitchHostFacts, sourceFile } from './switch-host-facts.ts'

type Needs = 'kube' | 'postgres' | 'checkout' | 'http'

/** §25: the ConfigMap and its source name the other endpoint, and every pod that reads it starts anew, one workload after another. */
export const switchHost = defineProcedure({
  id: 'db:switch-host',
  section: 25,
  title: 'Switch the database host between pooler and direct',
  needs: ['kube', 'postgres', 'checkout', 'http'],
  choices: {
    to: oneOf(['pooler', 'direct'], {
      about: "which of Neon's endpoints the application uses",
      ask: 'Which endpoint is the application to use?',
    }),
  },
  offers: {
    to: async (look, { environment: { namespace, database } }) => {
      const present = (await look.kube.configMap(namespace, database.configMap))?.[hostKey]
      const about = (host: string) => `${host}${host === present ? ', now' : ''}`
      const both = [
        { value: 'pooler', about: about(database.pooler) },
        { value: 'direct', about: about(database.direct) },
      ]
      // Enter alone must not choose what is so already.
      return database.pooler === present ? both.reverse() : both
    },
  },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherSwitchHost(input.to, look, context),
  subject: (facts) => facts.target,
  target: (facts) => [
    `database ${facts.database}, now through ${facts.present}${facts.presentEndpoint.reachable ? '' : ', which does not answer'}`,
    `${facts.to} endpoint ${facts.target}${facts.targetEndpoint.reachable ? ` answers: PostgreSQL ${facts.targetEndpoint.serverVersion}, connected in ${Math.round(facts.targetEndpoint.connectMs)} ms` : ' does not answer'}`,
  ],
  beyond: (facts) => [
    ...(facts.to === 'pooler'
      ? [
          'Through the pooler (transaction mode) LISTEN/NOTIFY and session advisory locks do not work; migrations keep using the direct endpoint',
        ]
      : ['Directly, the first request on a new connection pays about 440 ms for TCP, TLS and login (ch08)']),
    ...(facts.health.answers ? [] : [`${facts.health.url} does not answer 200 now: it is asked again at the end`]),
    ...facts.own.map(
      ({ workload, value, from }) =>
        `${workload} has ${hostKey} from ${from}${value === undefined ? '' : ` (${value || 'empty'})`} and not from the ConfigMap: it stays as it is`,
    ),
    ...facts.consumers
      .filter(({ replicas }) => replicas === 0)
      .map(({ deployment }) => `${deployment.metadata.name} has no replicas: nothing of it is restarted`),
  ],
  steps: (facts) => [
    nameTarget(facts),
    nameTargetInSource(facts),
    ...facts.consumers.filter(({ replicas }) => replicas > 0).flatMap((consumer) => restartConsumer(newHost(facts), consumer)),
    healthAnswers(facts.health),
  ],
})

const newHost = (facts: SwitchHostFacts): NewValue => ({
  ...facts,
  key: hostKey,
  with: `the ${facts.to} endpoint`,
  may: maySwitch(facts),
  moved: { code: 'db-host-moved', next: 'honeydue db:status' },
})

const nameTarget = (facts: SwitchHostFacts): Change<Needs> => {
  const { namespace, configMap: name, present, target } = facts
  const value = { namespace, name, key: hostKey }
  return {
    title: `Set ${hostKey} in ${name} to the ${facts.to} endpoint`,
    effect: [{ what: `ConfigMap ${namespace}/${name}, ${hostKey}`, before: present, after: target }],
    check: async () => maySwitch(facts),
    apply: (write) => write.kube.setConfigMapValue({ ...value, from: present, to: target }),
    verify: async (look) => {
      const found = await look.kube.get('ConfigMap', name, namespace)
      return when(found?.data?.[hostKey] === target, keySaid(found, hostKey), 'honeydue db:status')
    },
    shows: (prove) => prove.kube.value({ namespace, name, key: hostKey, value: target }),
    undo: (write) => write.kube.setConfigMapValue({ ...value, from: target, to: present }),
  }
}

/** Where exactly one value of the file is another host of this database, it is changed; otherwise only a human can know which. */
const nameTargetInSource = (facts: SwitchHostFacts): Change<Needs> | Gate<Needs> => {
  const { target, source, checkout } = facts
  const [one, ...more] = source?.others ?? []
  if (!source || more.length > 0 || (!one && source.target.length === 0)) {
    return {
      title: `Name ${target} in ${sourceFile}`,
      ask: `${because(facts)}. Is ${target} the database host in ${checkout}/${sourceFile} now? The next deploy makes the ConfigMap from it.`,
    }
  }
  const change = one && { file: sourceFile, key: one.key, line: one.line, from: one.host, to: target }
  return {
    title: `Set the host in ${sourceFile}`,
    ...(change && { effect: [{ what: `${sourceFile}:${change.line}, ${change.key}`, before: change.from, after: target }] }),
    check: async (look) => every([maySwitch(facts), ...(change ? [await writable(look, [sourceFile])] : [])]),
    apply: async (write) => {
      if (change) await write.checkout.setScalar(change)
    },
    verify: async (look) => {
      const named = (await look.checkout.scalars(sourceFile, target)) ?? []
      if (!change) return when(named.length > 0, `${sourceFile} does not name ${target}`)
      return named.some(({ key }) => key === change.key) ? holds : fails(`${sourceFile} still names ${change.from}`)
    },
    ...(change && { shows: (prove) => prove.checkout.named({ file: sourceFile, line: change.line, value: target }) }),
    undo: async (write) => {
      if (change) await write.checkout.setScalar({ ...change, from: change.to, to: change.from })
    },
  }
}

const because = ({ source }: SwitchHostFacts): string => {
  if (!source) return `There is no ${sourceFile} in the checkout`
  if (source.others.length === 0) return `${sourceFile} names none of the database's hosts`
  return `${sourceFile} names another host in ${counted(source.others.length, 'place')} (${source.others.length === 1 ? 'line' : 'lines'} ${source.others.map(({ line }) => line).join(', ')})`
}
