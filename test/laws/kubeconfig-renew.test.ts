import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { parse, stringify } from 'yaml'
import { systemClock } from '../../src/lib/clock.ts'
import { ageK3s } from '../../src/lib/drills/breaks.ts'
import { renew } from '../../src/lib/procedures/kubeconfig/renew.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { kubeconfig } from '../../src/lib/sandbox/kubeconfig.ts'
import { whatLasts } from '../../src/lib/sandbox/lasting.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { kubeconfigEnd } from '../support/kubeconfig-end.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'

const sandbox = useSandbox()
const day = 86_400_000
let systems: ReturnType<typeof openSystems> | undefined
const close = async () => {
  await systems?.close()
  systems = undefined
}
afterAll(close)

const path = () => join(sandbox().dir, 'admin.kubeconfig')
let first: string | undefined
/** Ends so many days from now. */
const ending = (days: number) => {
  const { authority } = whatLasts()
  const { server } = (parse(readFileSync(path(), 'utf8')) as { clusters: [{ cluster: { server: string } }] }).clusters[0].cluster
  const notBefore = new Date(Date.now() - 300 * day)
  const admin = authority.issue({ commonName: 'system:admin', organizations: ['system:masters'], notBefore, days: 300 + days })
  return { text: kubeconfig({ server, ca: authority.certificate }, 'admin', admin), admin }
}
const keep = (text: string) => writeFileSync(path(), text, { mode: 0o600 })
const everyNode = (act: (node: ReturnType<typeof sandbox>['nodes']['nodes'][number]) => void) => {
  for (const node of sandbox().nodes.nodes) act(node)
}

laws(
  renew,
  {
    systems: () => {
      systems ??= openSystems(sandbox().environment, systemClock, new AbortController().signal)
      return systems
    },
    environment: () => sandbox().environment,
    observe: () => kubeconfigEnd(sandbox().dir),
    reset: async () => {
      await close()
      await sandbox().reset()
      first ??= readFileSync(path(), 'utf8')
      rmSync(`${path()}.old`, { force: true })
      rmSync(path(), { force: true })
      keep(first)
    },
    planted: plantedValues,
  },
  [
    { name: 'it has ended', input: { from: undefined }, arrange: () => keep(ending(-2).text), meets: 'work' },
    {
      name: 'it ends soon',
      input: { from: 'hetzner2' },
      arrange: () => void worlds['a kubeconfig that ends soon'](sandbox()),
      meets: 'work',
    },
    { name: 'everybody may read it', input: { from: undefined }, arrange: () => chmodSync(path(), 0o644), meets: 'work' },
    {
      name: 'a node is silent',
      input: { from: undefined },
      arrange: async () => {
        keep(ending(-2).text)
        await sandbox().nodes.setUp('hetzner1', false)
      },
      meets: 'work',
    },
    { name: 'it is that of the nodes', input: { from: undefined }, arrange: () => {}, meets: 'nothing to do' },
    {
      name: 'no node answers',
      input: { from: undefined },
      arrange: async () => {
        keep(ending(-2).text)
        for (const { alias } of sandbox().nodes.nodes) await sandbox().nodes.setUp(alias, false)
      },
      refused: /hetzner1 gives no kubeconfig: hetzner1 cannot be reached/,
    },
    {
      name: 'the one of the nodes has ended as well',
      input: { from: undefined },
      arrange: () => {
        const { text } = ending(-1)
        keep(ending(-2).text)
        ageK3s(sandbox(), -1)
        everyNode((node) => node.put('etc/rancher/k3s/k3s.yaml', text))
      },
      refused: /that of hetzner1 expired 1 day ago: a start of k3s renews it/,
    },
    {
      name: 'it holds another cluster too',
      input: { from: undefined },
      arrange: () => {
        const said = parse(ending(-2).text) as { contexts: object[] }
        said.contexts.push({ name: 'minikube', context: { cluster: 'minikube', user: 'minikube' } })
        keep(stringify(said))
      },
      refused: /admin\.kubeconfig holds more than this cluster: the context minikube/,
    },
    {
      name: 'its context has a name that the lines cannot hold',
      input: { from: undefined },
      arrange: () => keep(ending(-2).text.replaceAll('honeydue-sandbox', 'a|b')),
      refused: /is called "a\|b": that name does not fit into a line of sed/,
    },
  ],
)
