import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { switchHost } from '../../../src/lib/procedures/db/switch-host.ts'
import { hosts, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 20, terminate: 20 } })
const { systems } = useSystems(sandbox)
const client = () => sandbox().kubernetes.client
const deployments = { group: 'apps', resource: 'deployments' }
const planned = () => prepare(switchHost, { to: 'direct' }, systems(), contextOf(sandbox().environment))

const setHost = (host: string) =>
  client().update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), DB_HOST: host }
  })
const wasAndIs = (): readonly unknown[] => [
  `- ConfigMap ${namespace}/honeydue-config, DB_HOST: ${hosts.direct}`,
  expect.stringMatching(/^\+ DB_HOST is ep-.*-pooler\..*: \S+ set it at \d{4}-/),
]
const restarted = (): string | undefined => {
  const { template } = (client().get(deployments, 'api', namespace)?.spec ?? {}) as {
    readonly template?: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }
  }
  return template?.metadata.annotations?.['kubectl.kubernetes.io/restartedAt']
}

test('somebody sets the host back before the restart: nothing is restarted, and who it was is told', async () => {
  const prepared = await planned()
  const run = runOf(systems(), switchHost.needs)
  let restored = false
  const { trouble, states } = await perform(prepared, {
    ...run,
    tell: async (event) => {
      if (event.type === 'settled' && event.index === 0 && !restored) {
        restored = true
        setHost(hosts.pooler)
      }
      await run.tell(event)
    },
  })
  expect(restored).toBe(true)
  expect(trouble).toMatchObject({
    code: 'undone-meanwhile',
    exitCode: 8,
    failed: expect.stringMatching(
      /^What was done does not hold any more: Set DB_HOST in .*: DB_HOST is ep-.*-pooler\..*: \S+ set it at \d{4}-/,
    ),
    details: wasAndIs(),
    next: 'honeydue db:status',
  })
  expect(trouble?.failed).not.toContain(': honeydue set it')
  expect(states[0]).toBe('undone')
  expect(restarted()).toBeUndefined()
  expect(states.slice(2)).toEqual(states.slice(2).map(() => 'untouched'))
})

test('somebody sets the host back while pods are waited for: the wait ends at once', async () => {
  const prepared = await planned()
  // After the plan: a rollout that runs before it is what keeps the switch from beginning.
  client().update(deployments, 'api', namespace, (draft) => {
    const spec = draft.spec as { template: { metadata: { annotations?: Record<string, string> } } }
    spec.template.metadata.annotations = { ...spec.template.metadata.annotations, 'honeydue.test/ready-after': '1h' }
  })
  const run = runOf(systems(), switchHost.needs)
  const { trouble } = await perform(prepared, {
    ...run,
    tell: async (event) => {
      if (event.type === 'waiting' && event.index > 1) setHost(hosts.pooler)
      await run.tell(event)
    },
  })
  expect(trouble).toMatchObject({
    code: 'db-host-moved',
    exitCode: 8,
    failed: expect.stringMatching(/^DB_HOST is ep-.*-pooler\..*: \S+ set it at \d{4}-/),
    details: wasAndIs(),
    next: 'honeydue db:status',
  })
  expect(trouble?.failed).not.toContain(': honeydue set it')
  expect(trouble?.state).toContain('Done, and undone since by somebody else: Set DB_HOST in honeydue-config')
})

test('a workload that has the host from a Secret is said to stay as it is', async () => {
  client().update(deployments, 'web', namespace, (draft) => {
    const [container] = (draft.spec as { template: { spec: { containers: { env?: object[] }[] } } }).template.spec.containers
    const from = { secretKeyRef: { name: 'honeydue-secrets', key: 'SECRET_KEY' } }
    if (container) container.env = [{ name: 'DB_HOST', valueFrom: from }]
  })
  const { plan } = await planned()
  expect(plan.beyond).toContain('web has DB_HOST from Secret honeydue-secrets and not from the ConfigMap: it stays as it is')
})
