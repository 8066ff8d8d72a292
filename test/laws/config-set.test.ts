import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { lastSet } from '../../src/lib/facts/config/last-set.ts'
import { startedAt } from '../../src/lib/pod-state.ts'
import { configSet } from '../../src/lib/procedures/config/set.ts'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Pod } from '../../src/lib/systems/kube/types.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 1, terminate: 1 } })
const { systems, close } = useSystems(sandbox)

const deployments = { group: 'apps', resource: 'deployments' }
const configMaps = { group: '', resource: 'configmaps' }
const client = () => sandbox().kubernetes.client
const change = (name: string, edit: (spec: Record<string, unknown>) => void) =>
  void client().update(deployments, name, namespace, (draft) => edit(draft.spec as Record<string, unknown>))
const annotate = (name: string, annotation: string, value: string) =>
  change(name, (spec) => {
    const { metadata } = spec.template as { metadata: { annotations?: Record<string, string> } }
    metadata.annotations = { ...metadata.annotations, [annotation]: value }
  })
const setKey = (key: string, value: string) =>
  void client().update(
    configMaps,
    'honeydue-config',
    namespace,
    (draft) => {
      draft.data = { ...(draft.data as object), [key]: value }
    },
    { manager: 'kubectl-edit' },
  )
const file = (name: string) => join(sandbox().environment.checkout, name)
const textOf = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : 'absent')
const edit = (name: string, from: string | RegExp, to: string) => {
  expect(textOf(name)).toMatch(from)
  writeFileSync(file(name), textOf(name).replace(from, to))
}

let asked = ''
const key = () => asked.split('=')[0] ?? ''

/** The workloads whose pods started with what the ConfigMap says now; waits until no pod comes or goes. */
const current = async (): Promise<readonly string[]> => {
  const { kube } = { kube: systems().kube.read }
  for (let round = 0; ; round++) {
    const pods = (await kube.pods({ namespace })) as readonly Pod[]
    const wanted = client()
      .list(deployments, { namespace })
      .reduce((sum, { spec }) => sum + (spec as { replicas: number }).replicas, 0)
    const steady = pods.every(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    if ((!steady || pods.length !== wanted) && round < 200) {
      await systemClock.sleep(20)
      continue
    }
    const found = await kube.get('ConfigMap', 'honeydue-config', namespace)
    const since = (found && lastSet(found, key())?.at) ?? ''
    const old = pods.filter((pod) => startedAt(pod) < since).map(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] ?? '')
    return ['api', 'admin', 'web', 'worker'].filter((name) => !old.includes(name))
  }
}

const observe = async () => ({
  files: [textOf('deploy-k3s/config.yaml'), textOf('deploy/prod.env')],
  configMap: client().get(configMaps, 'honeydue-config', namespace)?.data,
  workloads: client()
    .list(deployments, { namespace })
    .map(({ metadata, spec }) => [metadata.name, (spec as { replicas: number }).replicas, metadata.annotations?.['honeydue.dev/replicas']]),
  current: await current(),
})

/** What is asked is known before the world is looked at for the first time. */
const world = <W extends object>(name: string, setting: string, arrange: () => unknown, rest: W, isNew = false) => ({
  name,
  input: { setting, new: isNew },
  arrange: () => {
    asked = setting
    arrange()
  },
  ...rest,
})
const work = { meets: 'work' } as const
const sampler = 'OTEL_TRACES_SAMPLER_ARG=0.2'

laws(configSet, wholeSubject({ sandbox, systems, close, observe }), [
  world('healthy', sampler, () => {}, work),
  world('already so', 'OTEL_TRACES_SAMPLER_ARG=0.1', () => {}, { meets: 'nothing to do' }),
  world('a key that config.yaml has the value of', 'DB_SSLMODE=verify-full', () => {}, work),
  world('a new key', "APPLE_TEAM=it's two words", () => {}, work, true),
  world('a source without the key', 'APNS_TOPIC=com.myhoneydue.honeyDue', () => edit('deploy/prod.env', /^APNS_TOPIC=.*\n/m, ''), work),
  // Its pods were older than the edit before, and the undo starts new ones.
  world('an edited ConfigMap', 'DEBUG=false', () => setKey('DEBUG', 'true'), { ...work, broken: true as const }),
  world(
    'no checkout on this machine',
    sampler,
    () => {
      rmSync(file('deploy/prod.env'))
      rmSync(file('deploy-k3s/config.yaml'))
    },
    work,
  ),
  world(
    'a line in quotes, as a shell reads it',
    'APPLE_CLIENT_ID=two words',
    () => edit('deploy/prod.env', /^APPLE_CLIENT_ID=(.*)$/m, 'export APPLE_CLIENT_ID="$1"'),
    work,
  ),
  world(
    'a database that is not there, and api that cannot start with it',
    'POSTGRES_DB=honeyDue',
    () => {
      setKey('POSTGRES_DB', 'honeydue')
      annotate('api', 'kubectl.kubernetes.io/restartedAt', '2026-11-29T00:00:00Z')
    },
    { ...work, broken: true },
  ),
  world('a key from a Secret', `REDIS_PASSWORD=${planted.redisPassword}`, () => {}, { refused: /comes from Secret honeydue-secrets/ }),
  world('a key that nobody knows', 'DEBUGG=false', () => {}, { refused: /neither honeydue-config nor the checkout knows DEBUGG/ }),
  world('DEBUG on', 'DEBUG=1', () => {}, { refused: /show customers what is meant for developers/ }),
  world('the host, which has a procedure', `DB_HOST=${hosts.direct}`, () => {}, {
    refused: /procedure of its own.*honeydue db:switch-host/,
  }),
  world('a database in small letters', 'POSTGRES_DB=honeydue', () => {}, {
    refused: /has no database honeydue .*there is honeyDue, and names are case-sensitive/,
  }),
  world(
    'no database answers',
    'POSTGRES_DB=other',
    () => {
      for (const endpoint of ['direct', 'pooler'] as const) sandbox().postgres.behave(endpoint, { answer: 'reset' })
    },
    { refused: /which databases there are is not known/ },
  ),
  world(
    'a workload that sets it itself, past the ConfigMap',
    sampler,
    () =>
      change('api', (spec) => {
        const [container] = (spec.template as { spec: { containers: { env?: object[] }[] } }).spec.containers
        if (container) container.env = [...(container.env ?? []), { name: 'OTEL_TRACES_SAMPLER_ARG', value: '1' }]
      }),
    { refused: /api sets OTEL_TRACES_SAMPLER_ARG itself to 1, past the ConfigMap/ },
  ),
  world('a rollout that goes on', sampler, () => annotate('web', 'honeydue.test/never-ready', 'true'), {
    refused: /a rollout is running: web/,
  }),
  world('a rollout that is paused', sampler, () => worlds['a rollout of web that was paused'](sandbox()), {
    refused: /the rollout of web is paused/,
  }),
  world(
    'a migration is running',
    sampler,
    () =>
      void client().create({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'honeydue-migrate', namespace },
        spec: {
          template: {
            metadata: { annotations: { 'honeydue.test/complete-after': '60s' } },
            spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'x' }] },
          },
        },
      }),
    { refused: /a migration is running: Job honeydue-migrate/ },
  ),
])

test.each([
  ['DEBUG', 'it has no "="'],
  ['=x', 'its key is no name'],
  ['A-B=x', 'its key is no name'],
  ['A=x\ny', 'one line'],
  ['API_TOKEN=abcdef', 'has the look of a secret'],
  ['DSN=postgres://u:hunter2@h/d', 'has the look of a secret'],
])('%j is refused before anything is asked: %s', (typed, because) => {
  expect(configSet.choices.setting.refuse?.(typed)).toContain(because)
  expect(configSet.choices.setting.refuse?.('OTEL_TRACES_SAMPLER_ARG=')).toBeUndefined()
})
