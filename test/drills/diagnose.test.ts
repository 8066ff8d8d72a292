import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import type { Observation, View } from '../../src/lib/plan/report.ts'
import { diagnose } from '../../src/lib/reports/diagnose.ts'
import { image, namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { eventually, useSandbox, type World, worlds } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 50, nodeGrace: 300 } })

interface Diagnosis {
  readonly cause: Observation | null
  readonly hops: readonly { readonly hop: string; readonly state: string }[]
}

/** The nodes' disks and clocks are this machine's. */
const isThisMachine = ({ text }: Observation) => /of disk free|clock of/.test(text)

/** Waits as long as a machine needs that does much else meanwhile. */
const patient: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(4 * ms, signal) }

interface Asked {
  readonly environment?: Environment
  readonly symptom?: readonly string[]
  readonly clock?: Clock
}

const look = async ({ environment = sandbox().environment, symptom = [], clock = patient }: Asked = {}) => {
  const signal = new AbortController().signal
  const systems = openSystems(environment, systemClock, signal)
  const readers = Object.fromEntries(diagnose.needs.map((name) => [name, systems[name].read])) as Parameters<typeof diagnose.look>[1]
  const pages = async () => [{ command: 'cache:invalidate', title: 'Invalidate the residence-IDs cache of a user' }]
  const began = performance.now()
  try {
    const view: View = await diagnose.look({ symptom }, readers, { environment, clock, signal, pages })
    const findings = view.findings.filter((one) => !isThisMachine(one))
    return {
      view,
      took: performance.now() - began,
      said: findings.map(({ level, text, next = '' }) => `${level} ${text} → ${next}`),
      state: Object.fromEntries((view.data as Diagnosis).hops.map(({ hop, state }) => [hop, state])),
    }
  } finally {
    await systems.close()
  }
}

const deployment = ({ kubernetes }: Sandbox, name: string, change: (spec: Record<string, unknown>) => void) =>
  kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) =>
    change(draft.spec as Record<string, unknown>),
  )

const podOf = (spec: Record<string, unknown>) =>
  spec.template as { metadata: { annotations?: Record<string, string> }; spec: { containers: { image: string }[] } }

const podsOf = ({ kubernetes }: Sandbox, name: string): readonly KubeObject[] =>
  kubernetes.client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': name } })

const waiting = (pod: KubeObject): string => JSON.stringify(pod.status)

const config = ({ kubernetes }: Sandbox, values: Readonly<Record<string, string>>) =>
  kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as object), ...values }
  })

const notReady = ({ kubernetes }: Sandbox, hostname: string) => {
  const node = kubernetes.client.get({ group: '', resource: 'nodes' }, hostname) as unknown as {
    status: { conditions: { type: string; status: string }[] }
  }
  return node.status.conditions.find(({ type }) => type === 'Ready')?.status !== 'True'
}

/** What is broken, what must be named first with its next command, and what must not be said of anything. */
interface Row {
  readonly make: World
  readonly cause: RegExp
  readonly not?: RegExp
}

const rows: Readonly<Record<string, Row>> = {
  'ch16: a node is away': {
    make: async (one) => {
      await one.nodes.setUp('hetzner2', false)
      await eventually(async () => notReady(one, nodes[1].hostname))
    },
    cause: /^wrong hetzner2 is NotReady.*no answer over SSH.*Names lead customers to it → honeydue edge:drain hetzner2$/,
    not: /From hetzner2 to|could not be asked|was not asked/,
  },
  'ch16: two nodes are away, and the API with them': {
    make: async (one) => {
      await one.nodes.setUp('hetzner2', false)
      await one.nodes.setUp('hetzner3', false)
      one.kubernetes.fail({ answer: 'reset' })
    },
    cause: /^wrong hetzner2 and hetzner3 do not answer: etcd needs 2 of 3 nodes/,
    not: /migrations: not known|Redis: not known/,
  },
  'the Service of api is gone, and Traefik has no route': {
    make: async ({ kubernetes }) => {
      kubernetes.client.delete({ group: '', resource: 'services' }, 'api', 'honeydue')
    },
    cause: /^wrong api\.myhoneydue\.com answers 404, and so says every node by itself: .* → honeydue config:diff$/,
    not: /Cloudflare, or the way there/,
  },
  'the Ingress of admin is gone, and everything else is well': {
    make: async ({ kubernetes }) => {
      kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, 'admin', 'honeydue')
      // Traefik reads it a moment later.
      await eventually(async () => (await look()).said.length > 0)
    },
    cause: /^wrong admin\.myhoneydue\.com answers 404 at every node, and no Ingress names it → honeydue config:diff$/,
  },
  'ch16: Redis at maxmemory that evicts nothing': {
    make: ({ redis: { settings } }) => {
      settings.set('maxmemory-policy', 'noeviction')
      settings.set('maxmemory', '1000000')
    },
    cause: /^wrong Redis is full .* every write fails now.* → honeydue cache:policy --to allkeys-lru$/,
  },
  'ch16: the pooler is away, the direct endpoint is up': {
    make: worlds['pooler down'],
    cause: /^wrong The pooler endpoint, which is in use, does not answer .* → honeydue db:switch-host --to direct$/,
  },
  'both endpoints are away': {
    make: ({ postgres }) => {
      postgres.behave('pooler', { answer: 'reset' })
      postgres.behave('direct', { answer: 'reset' })
    },
    cause: /^wrong The pooler endpoint, which is in use, does not answer/,
    not: /switch-host/,
  },
  'ch16: the migrate Job fails during a deploy': {
    make: worlds['a failing statement in the third of four files'],
    cause: /^wrong The last Job failed: .* → honeydue db:recover-migration --dry-run$/,
  },
  'ch16: the schema precondition fails': {
    make: worlds['a table without versions'],
    cause: /^wrong goose_db_version is there without a version.* → honeydue (db:bootstrap-goose|runbook:show db:bootstrap-goose)/,
  },
  'a lock that hangs in the pooler': {
    make: worlds['a lock stranded in the pooler'],
    cause: /^wrong Advisory lock 4711 is stranded .* → honeydue db:unlock --pid \d+$/,
  },
  'pods that hang on that lock': {
    make: worlds['pods that hang on the stranded lock'],
    cause: /^wrong (Advisory lock \d+ is stranded|\d+ \(.*blocks).* → honeydue db:unlock --pid \d+$/,
  },
  'the certificate has expired': {
    make: worlds['an expired certificate in the Secret'],
    cause: /^wrong The certificate of honeydue\/cloudflare-origin-cert expired.* → honeydue cert:install$/,
    not: /edge:drain/,
  },
  'Cloudflare has a new range': {
    make: worlds['one range new and one gone'],
    cause: /^wrong hetzner1 does not let in 198\.51\.100\.0\/24 of Cloudflare → honeydue firewall:refresh$/,
  },
  'the records of a name are gone': {
    make: ({ cloudflare: { state } }) => {
      state.records = state.records.filter(({ name }) => name !== 'api.myhoneydue.com')
    },
    cause: /^wrong api\.myhoneydue\.com answers 530.* → honeydue edge:restore hetzner\d$/,
  },
  'api has no pod': {
    make: async (one) => {
      deployment(one, 'api', (spec) => {
        spec.replicas = 0
      })
      await eventually(async () => podsOf(one, 'api').length === 0)
    },
    cause: /^wrong api is set to 0 pods, and is to have 3 → honeydue deploy:scale api --replicas 3/,
    not: /edge:drain|switch-host/,
  },
  'api has no pod, and Redis evicts nothing besides': {
    make: async (one) => {
      one.redis.settings.set('maxmemory-policy', 'noeviction')
      deployment(one, 'api', (spec) => {
        spec.replicas = 0
      })
      await eventually(async () => podsOf(one, 'api').length === 0)
    },
    cause: /^wrong api is set to 0 pods/,
  },
  'two workers': {
    make: async (one) => {
      deployment(one, 'worker', (spec) => {
        spec.replicas = 2
      })
      await eventually(async () => podsOf(one, 'worker').length === 2)
    },
    cause: /^wrong worker is set to 2 pods, and is to have 1: only one may run at a time → honeydue deploy:scale worker --replicas 1/,
  },
  'an image that is not there': {
    make: async (one) => {
      deployment(one, 'web', (spec) => {
        for (const container of podOf(spec).spec.containers) container.image = image('web', 'deadbee')
      })
      await eventually(async () => podsOf(one, 'web').some((pod) => /ImagePullBackOff|ErrImagePull/.test(waiting(pod))))
    },
    cause: /^wrong The rollout of web is stuck, 3 of 3 .*deadbee.* → honeydue deploy:rollback web --to \d+ --dry-run$/,
    not: /switch-host|db:/,
  },
  'an image whose pods crash': {
    make: async (one) => {
      deployment(one, 'admin', (spec) => {
        podOf(spec).metadata.annotations = { 'honeydue.test/crash': 'yes' }
      })
      await eventually(async () => podsOf(one, 'admin').some((pod) => /CrashLoopBackOff/.test(waiting(pod))))
    },
    cause: /^wrong Deployment admin .*CrashLoopBackOff.* → honeydue deploy:rollback admin --to \d+ --dry-run$/,
  },
  'a database that is not there': {
    make: (one) => void config(one, { POSTGRES_DB: 'honeydeu' }),
    cause: /^wrong .*3D000.*the name is case-sensitive/,
  },
  'a queue that is paused': {
    make: worlds['a queue paused by somebody'],
    cause: /^wrong Queue default is paused.* → honeydue queue:resume default$/,
  },
  'an API that refuses': {
    make: worlds['api server forbids'],
    cause: /^wrong The Kubernetes API gives no answer that can be used: .*/,
    not: /Redis: not known|workloads: not known/,
  },
  'a drained node': {
    make: worlds['hetzner2 drained'],
    cause: /^warning hetzner2 is out of the round robin of every name → honeydue edge:restore hetzner2$/,
  },
  'a cordoned node': {
    make: worlds['hetzner2 cordoned'],
    cause: /^warning hetzner2 is cordoned: no pod is placed on it → honeydue nodes:uncordon hetzner2$/,
  },
  'a paused rollout': {
    make: worlds['a rollout of web that was paused'],
    cause: /^warning .*web.* paused.* → honeydue deploy:resume web --dry-run$/,
  },
}

test.each(Object.entries(rows))('%s: the cause is named first', { timeout: 60_000 }, async (_, { make, cause, not }) => {
  await make(sandbox())
  const { said } = await look()
  expect(said[0]).toMatch(cause)
  if (not) expect(said.filter((line) => not.test(line))).toEqual([])
})

test('where all is well every hop is ruled out, and what is looked for in words is offered', async () => {
  const { view, said, state } = await look({ symptom: ['user', 'sees', 'old', 'residences'] })
  expect(said).toEqual([])
  expect({ ...state, nodes: 'well' }).toEqual({
    names: 'well',
    edge: 'well',
    nodes: 'well',
    Traefik: 'well',
    workloads: 'well',
    database: 'well',
    Redis: 'well',
    'job queue': 'well',
  })
  expect(view.tables.at(-1)?.rows).toContainEqual([
    'honeydue cache:invalidate',
    'for "user sees old residences": Invalidate the residence-IDs cache of a user',
  ])
})

test('ch16: Redis that lost all it held is no fault of its own', async () => {
  const { redis } = sandbox()
  for (const key of redis.store.keys()) if (!key.startsWith('asynq:')) redis.store.delete(key)
  const { said } = await look()
  expect(said).toEqual([])
})

test('ch16: Cloudflare fails alone: our side is ruled out, and nothing of ours is to be changed', async () => {
  const { environment } = sandbox()
  // Nothing listens there.
  const hostaddr = Object.fromEntries(
    Object.entries(environment.hostaddr).map(([place, address]) => [
      place,
      environment.cloudflare.names.some((name) => place.startsWith(name)) ? '127.0.0.93' : address,
    ]),
  )
  const { said, state } = await look({ environment: { ...environment, hostaddr } })
  expect(said[0]).toMatch(
    /^wrong api\.myhoneydue\.com, .* Every node answers these names by itself.*what fails is Cloudflare, or the way there → look at https:\/\/www\.cloudflarestatus\.com$/,
  )
  expect(said.join('\n')).not.toContain('honeydue ')
  expect(state).toMatchObject({ edge: 'well', Traefik: 'well', workloads: 'well', database: 'well' })
})

test('a pooler that says nothing is named in time, and not told as a database that is not known', async () => {
  await worlds['pooler down'](sandbox())
  // A quarter more patient than the program's, for a machine that does much else; whoever is not reached is not to be asked twice.
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(1.25 * ms, signal) }
  const { said } = await look({ clock })
  expect(said[0]).toMatch(/^wrong The pooler endpoint, which is in use, does not answer .* → honeydue db:switch-host --to direct$/)
})

test('with half of the systems dead it ends within ten seconds, and says what is not known', { timeout: 60_000 }, async () => {
  const { nodes: hosts, postgres, cloudflare } = sandbox()
  await hosts.setUp('hetzner2', false)
  await hosts.setUp('hetzner3', false)
  postgres.behave('pooler', { answer: 'silence' })
  postgres.behave('direct', { answer: 'silence' })
  cloudflare.fail({ answer: 'silence' })
  const { took, state } = await look({ clock: systemClock })
  expect(took).toBeLessThan(10_000)
  expect(Object.entries(state).filter(([hop, is]) => is === 'well' && ['nodes', 'database', 'edge', 'names'].includes(hop))).toEqual([])
})
