import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { image, namespace, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { KubeObject } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { type ContractCase, type ContractWorld, holdContract } from '../../contract/contract.ts'
import { connect } from '../../contract/kubernetes/client.mjs'
import { release } from '../../support/migrations.ts'
import { ask, done, said } from '../deployment/say.ts'
import { overlay } from '../deployment/world.ts'
import { answering } from '../processes.ts'
import { hasControlPlane, startControlPlane } from './control-plane.ts'

/** The deployment, by its environment; what is no cluster in it is the sandbox's on both sides. */
interface World extends ContractWorld {
  readonly environmentFile: string
  readonly kubeconfig: string
  readonly sandbox: Sandbox
}

const started = () => startSandbox({ speed: { ready: 200, terminate: 100 } })

const sandboxWorld = async (): Promise<World> => {
  const sandbox = await started()
  const dir = (name: string) => join(sandbox.dir, name)
  return {
    environmentFile: dir('environment.yaml'),
    kubeconfig: dir('admin.kubeconfig'),
    sandbox,
    reset: async () => {},
    stop: () => sandbox.stop(),
  }
}

const copied: readonly (readonly [group: string, version: string, resource: string])[] = [
  ['', 'v1', 'namespaces'],
  ['', 'v1', 'configmaps'],
  ['', 'v1', 'secrets'],
  ['', 'v1', 'serviceaccounts'],
  ['', 'v1', 'services'],
  ['', 'v1', 'persistentvolumes'],
  ['', 'v1', 'persistentvolumeclaims'],
  ['policy', 'v1', 'poddisruptionbudgets'],
  ['apps', 'v1', 'deployments'],
]

/** Puts the sandbox's objects into the cluster, and waits until its Deployments are available there. */
const copyInto = async (sandbox: Sandbox, kubeconfig: string): Promise<void> => {
  const server = connect(kubeconfig)
  try {
    for (const [group, version, resource] of copied) {
      const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
      for (const { metadata, status: _, ...rest } of sandbox.kubernetes.client.list({ group, resource })) {
        const { name, namespace: home, labels, annotations } = metadata
        if (home !== undefined && home !== namespace) continue
        const body = { ...rest, metadata: { name, labels, annotations: withoutRevision(annotations) } }
        const { status } = await server.admin('POST', `${root}${home ? `/namespaces/${home}` : ''}/${resource}`, { body: anew(body) })
        if (status !== 201 && status !== 409) throw new Error(`${resource}/${name}: ${status}`)
      }
    }
    const available = async () => {
      const { body } = await server.admin('GET', `/apis/apps/v1/namespaces/${namespace}/deployments`)
      for (const { metadata, spec, status } of (body as { readonly items: readonly Deployment[] }).items)
        if (status?.availableReplicas !== spec.replicas) throw new Error(`${metadata.name} is not available`)
    }
    await answering(available, 'the deployment', 1200)
  } finally {
    server.close()
  }
}
interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number; readonly paused?: boolean }
  readonly status?: { readonly availableReplicas?: number }
}
const withoutRevision = (annotations: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('deployment.kubernetes.io/')))
/** Without what another server has given out: addresses, and whose claim a volume is. */
const anew = (body: object) => {
  const { spec, ...rest } = body as { readonly spec?: Readonly<Record<string, unknown>> }
  if (!spec) return rest
  const { clusterIP, clusterIPs, claimRef, ...kept } = spec
  const { uid, resourceVersion, ...claim } = (claimRef ?? {}) as Readonly<Record<string, unknown>>
  return { ...rest, spec: { ...kept, ...(clusterIP === 'None' && { clusterIP }), ...(claimRef ? { claimRef: claim } : {}) } }
}

const realWorld = async (): Promise<World> => {
  const sandbox = await started()
  const machines = sandbox.kubernetes.client.list({ group: '', resource: 'nodes' })
  const addressOf = (name: string) => nodes.find(({ hostname }) => hostname === name)?.address ?? '127.0.0.1'
  const cluster = await startControlPlane(
    machines.map(({ metadata: { name, labels } }) => ({
      name,
      labels: labels ?? {},
      // What kwok says for their kubelets of where they are.
      annotations: { 'honeydue.test/address': addressOf(name) },
    })),
  )
  const stop = async () => {
    await cluster.stop()
    await sandbox.stop()
  }
  try {
    await copyInto(sandbox, cluster.kubeconfig)
  } catch (error) {
    await stop()
    throw error
  }
  const change = () => ({ kubeconfig: cluster.kubeconfig })
  return { ...cluster, sandbox, environmentFile: overlay(join(sandbox.dir, 'environment.yaml'), 'real.yaml', change), stop }
}

/** The replicas, the running and the paused state that the cluster itself tells. */
const workload = async ({ kubeconfig }: World, name: string) => {
  const server = connect(kubeconfig)
  try {
    const { body } = await server.admin('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`)
    const { spec, status } = body as Deployment
    return { replicas: spec.replicas, available: status?.availableReplicas, paused: spec.paused === true }
  } finally {
    server.close()
  }
}

const web = 'app.kubernetes.io/name=web'

/** Those that are not going. */
const webPods = async ({ kubeconfig }: World) => {
  const server = connect(kubeconfig)
  try {
    const { body } = await server.admin('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(web)}`)
    const { items } = body as { readonly items: readonly (KubeObject & { readonly spec: { readonly nodeName?: string } })[] }
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  } finally {
    server.close()
  }
}

const honeydueOn = async ({ kubeconfig }: World, node: string): Promise<number> => {
  const server = connect(kubeconfig)
  try {
    const { body } = await server.admin(
      'GET',
      `/api/v1/namespaces/${namespace}/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
    )
    return (body as { readonly items: readonly KubeObject[] }).items.length
  } finally {
    server.close()
  }
}

const isCordoned = async ({ kubeconfig }: World, node: string): Promise<boolean> => {
  const server = connect(kubeconfig)
  try {
    const { body } = await server.admin('GET', `/api/v1/nodes/${node}`)
    return (body as { readonly spec: { readonly unschedulable?: boolean } }).spec.unschedulable === true
  } finally {
    server.close()
  }
}

/** kubectl at the cluster, as an operator types it: its exit code. */
const kubectl = ({ kubeconfig }: World, ...words: readonly string[]): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const program: string = 'kubectl'
    const child = spawn(program, ['--kubeconfig', kubeconfig, ...words], { stdio: 'ignore', timeout: 60_000 })
    child.once('error', reject)
    child.once('close', resolve)
  })

/** One call as the cluster's administrator; its body. */
const asAdmin = async ({ kubeconfig }: World, method: string, path: string, body?: object): Promise<KubeObject> => {
  const server = connect(kubeconfig)
  try {
    const merge = { type: 'application/merge-patch+json' }
    return (await server.admin(method, path, { ...(method === 'PATCH' && merge), ...(body && { body }) })).body as KubeObject
  } finally {
    server.close()
  }
}
const own = `namespaces/${namespace}`
const budget = `/apis/policy/v1/${own}/poddisruptionbudgets/web`

const imageOf = async (world: World, name: string): Promise<string | undefined> => {
  const { spec } = await asAdmin(world, 'GET', `/apis/apps/v1/${own}/deployments/${name}`)
  const { template } = spec as { readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } } }
  return template.spec.containers[0]?.image
}
const imagesOfPods = async (world: World): Promise<readonly string[]> => [
  ...new Set(
    (await webPods(world)).map(
      ({ spec }) => (spec as unknown as { readonly containers: readonly { readonly image: string }[] }).containers[0]?.image ?? '',
    ),
  ),
]

/** What changes values and objects, and rolls out what reads them. */
const values: readonly ContractCase<World>[] = [
  {
    name: 'deploy:image and deploy:rollback: web to another commit and back',
    expected: {
      to: { code: 0, states: 'done' },
      image: image('web', 'cccc001'),
      pods: [image('web', 'cccc001')],
      back: { code: 0, states: 'done' },
      before: image('web'),
    },
    give: async (world) => {
      await release(world.sandbox, 'cccc001', {})
      const to = done(await ask(world, 'deploy:image', '--tag', 'cccc001', '--only', 'web', '--confirm', 'cccc001'))
      const [now, pods] = [await imageOf(world, 'web'), await imagesOfPods(world)]
      const back = done(await ask(world, 'deploy:rollback', 'web', '--to', '12b2f9d', '--confirm', '12b2f9d'))
      return { to, image: now, pods, back, before: await imageOf(world, 'web') }
    },
  },
  {
    name: 'secrets:sync: a key is what its source says',
    expected: { code: 0, value: planted.nextFcmServerKey },
    give: async (world) => {
      writeFileSync(join(world.sandbox.environment.checkout, 'deploy-k3s/secrets/fcm_server_key.txt'), planted.nextFcmServerKey, {
        mode: 0o600,
      })
      const { code } = await ask(world, 'secrets:sync', '--only', 'FCM_SERVER_KEY', '--confirm', 'honeydue/honeydue-secrets')
      const { data } = await asAdmin(world, 'GET', `/api/v1/${own}/secrets/honeydue-secrets`)
      return { code, value: Buffer.from((data as Readonly<Record<string, string>>)['FCM_SERVER_KEY'] ?? '', 'base64').toString() }
    },
  },
  {
    name: 'config:apply: a manifest that was never applied, and the same again',
    expected: { made: { code: 0, states: 'done' }, there: 'honeydue', token: false, again: { code: 0 } },
    give: async (world) => {
      const made = done(await ask(world, 'config:apply', 'rbac.yaml', '--confirm', 'rbac.yaml'))
      const account = (await asAdmin(world, 'GET', `/api/v1/${own}/serviceaccounts/honeydue`)) as KubeObject & {
        readonly automountServiceAccountToken?: boolean
      }
      const { code } = await ask(world, 'config:apply', 'rbac.yaml', '--dry-run')
      return { made, there: account.metadata.name, token: account.automountServiceAccountToken, again: { code } }
    },
  },
  {
    name: 'nodes:drain of a node whose pod a budget never lets go is refused; config:apply puts the budget back',
    expected: { drain: 3, cordoned: false, applied: { code: 0, states: 'done' }, budget: { minAvailable: 2 } },
    give: async (world) => {
      await asAdmin(world, 'PATCH', budget, { spec: { minAvailable: 3 } })
      const name = (await webPods(world))[0]?.spec.nodeName ?? ''
      const node = nodes.find(({ hostname }) => hostname === name)?.alias ?? ''
      const seen = async () => {
        const { status } = await asAdmin(world, 'GET', budget)
        if ((status as { readonly disruptionsAllowed?: number })?.disruptionsAllowed !== 0) throw new Error('the budget is not counted yet')
      }
      await answering(seen, 'the budget', 300)
      const drain = await ask(world, 'nodes:drain', node, '--within', '30s', '--confirm', node)
      const cordoned = await isCordoned(world, name)
      const applied = done(await ask(world, 'config:apply', 'pod-disruption-budgets.yaml', '--confirm', 'pod-disruption-budgets.yaml'))
      const { minAvailable } = (await asAdmin(world, 'GET', budget)).spec as { readonly minAvailable: number }
      return { drain: drain.code, cordoned, applied, budget: { minAvailable } }
    },
  },
]

const cases: readonly ContractCase<World>[] = [
  ...values,
  {
    name: 'lock:status: nobody',
    expected: { code: 0 },
    give: async (world) => said(await ask(world, 'lock:status')),
  },
  {
    name: 'deploy:restart: every pod of web is new',
    expected: { code: 0, states: 'done' },
    give: async (world) => done(await ask(world, 'deploy:restart', 'web', '--older-than', '0s', '--confirm', 'web')),
  },
  {
    name: 'deploy:scale: web to another number and back',
    expected: { up: { code: 0, states: 'done' }, after: { replicas: 2, available: 2, paused: false }, down: { code: 0, states: 'done' } },
    give: async (world) => {
      const up = done(await ask(world, 'deploy:scale', 'web', '--replicas', '2', '--confirm', 'web'))
      const after = await workload(world, 'web')
      return { up, after, down: done(await ask(world, 'deploy:scale', 'web', '--replicas', '3', '--confirm', 'web')) }
    },
  },
  {
    name: 'deploy:pause and deploy:resume',
    expected: { pause: { code: 0, states: 'done' }, paused: true, resume: { code: 0, states: 'done proven' }, after: false },
    give: async (world) => {
      const pause = done(await ask(world, 'deploy:pause', 'web', '--confirm', 'web'))
      const { paused } = await workload(world, 'web')
      const resume = done(await ask(world, 'deploy:resume', 'web', '--confirm', 'web'))
      return { pause, paused, resume, after: (await workload(world, 'web')).paused }
    },
  },
  {
    name: 'kubectl cordon, drain and uncordon of a node of web: its pod comes back elsewhere',
    expected: { cordon: 0, there: true, drain: 0, left: 0, uncordon: 0 },
    give: async (world) => {
      const node = (await webPods(world))[0]?.spec.nodeName ?? ''
      const on = async () => (await webPods(world)).filter(({ spec }) => spec.nodeName === node).length
      const there = (await on()) > 0
      const cordon = await kubectl(world, 'cordon', node)
      const drain = await kubectl(
        world,
        'drain',
        node,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--force',
        '--timeout=50s',
        `--pod-selector=${web}`,
      )
      return { cordon, there, drain, left: await on(), uncordon: await kubectl(world, 'uncordon', node) }
    },
  },
  {
    name: 'nodes:drain and nodes:uncordon: hetzner2 keeps nothing but daemons, and takes pods again',
    expected: { before: true, drain: 0, left: 0, cordoned: true, uncordon: 0, after: false },
    give: async (world) => {
      const [, { alias, hostname }] = nodes
      const before = (await honeydueOn(world, hostname)) > 0
      const drain = await ask(world, 'nodes:drain', alias, '--within', '2m', '--confirm', alias)
      const [left, cordoned] = [await honeydueOn(world, hostname), await isCordoned(world, hostname)]
      const uncordon = await ask(world, 'nodes:uncordon', alias, '--confirm', alias)
      return { before, drain: drain.code, left, cordoned, uncordon: uncordon.code, after: await isCordoned(world, hostname) }
    },
  },
]

holdContract('kubernetes: commands', 'sandbox', cases, sandboxWorld)
if (hasControlPlane()) holdContract('kubernetes: commands', 'real', cases, realWorld)
