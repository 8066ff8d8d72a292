import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backwards, fieldChanges } from '../../src/lib/facts/config/field-changes.ts'
import { apply } from '../../src/lib/procedures/config/apply.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const client = () => sandbox().kubernetes.client
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s/manifests', name)
const edit = (name: string, from: string, to: string) => {
  const text = readFileSync(file(name), 'utf8')
  expect(text).toContain(from)
  writeFileSync(file(name), text.replace(from, to))
}
const write = (text: string) => writeFileSync(file('own.yaml'), text)
const budgets = 'pod-disruption-budgets.yaml'
const kinds = [
  { group: '', resource: 'serviceaccounts' },
  { group: '', resource: 'configmaps' },
  { group: '', resource: 'services' },
  { group: '', resource: 'secrets' },
  { group: 'apps', resource: 'deployments' },
  { group: 'policy', resource: 'poddisruptionbudgets' },
  { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
]
const clusterRole = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: reads-pods\n'
const readsPods = `${clusterRole}rules:\n  - apiGroups: [""]\n    resources: [pods]\n    verbs: [list]\n`

laws(
  apply,
  wholeSubject({
    sandbox,
    systems,
    close,
    // All that a manifest may say of these kinds; not what the server and the controllers write.
    observe: () =>
      kinds.flatMap((kind) =>
        client()
          .list(kind)
          .map(({ kind: name, metadata: { name: own, namespace: home, labels, annotations }, status: _, ...said }) => ({
            ...said,
            metadata: undefined,
            of: [name, home, own, labels, annotations],
          })),
      ),
  }),
  [
    { name: 'a manifest that was never applied', input: { file: 'rbac.yaml' }, arrange: () => {}, meets: 'work' },
    {
      name: 'applied before',
      input: { file: 'deploy-k3s/manifests/rbac.yaml' },
      arrange: () =>
        void client().create({
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'honeydue', namespace },
          automountServiceAccountToken: false,
        }),
      meets: 'nothing to do',
    },
    {
      name: 'a manifest that was changed and not applied',
      input: { file: budgets },
      arrange: () => edit(budgets, 'minAvailable: 2', 'minAvailable: 1'),
      meets: 'work',
    },
    {
      name: 'two budgets edited by hand',
      input: { file: budgets },
      arrange: () => void worlds['budgets that somebody edited'](sandbox()),
      meets: 'work',
    },
    { name: 'a role of the whole cluster', input: { file: 'own.yaml' }, arrange: () => write(readsPods), meets: 'work' },
    {
      name: 'a run that stopped after its first object',
      input: { file: 'own.yaml' },
      arrange: () => {
        client().create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace }, data: { a: '1' } })
        write(['one', 'two'].map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: "1"\n`).join('---\n'))
      },
      meets: 'work',
    },
    {
      name: 'no such manifest',
      input: { file: 'rbac.yml' },
      arrange: () => {},
      refused: /there is no deploy-k3s\/manifests\/rbac\.yml .* there are .*rbac\.yaml/,
    },
    {
      name: 'it does not parse',
      input: { file: 'own.yaml' },
      arrange: () => write('a: [\n'),
      refused: /was not compared: it does not parse/,
    },
    {
      name: 'the script fills it in',
      input: { file: 'own.yaml' },
      arrange: () => write('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own\ndata:\n  token: $OBS_INGEST_TOKEN\n'),
      refused: /ConfigMap own was not compared: the script fills it in/,
    },
    {
      name: 'a workload that differs',
      input: { file: 'api.yaml' },
      arrange: () => edit('api.yaml', 'replicas: 3', 'replicas: 4'),
      refused: /Deployment api differs, and its image is the script's/,
    },
    {
      name: 'a Secret in a manifest',
      input: { file: 'own.yaml' },
      arrange: () => write('apiVersion: v1\nkind: Secret\nmetadata:\n  name: own\nstringData:\n  token: abc\n'),
      refused: /Secret own has values, which a manifest should not have/,
    },
    {
      name: 'the ConfigMap of the application',
      input: { file: 'own.yaml' },
      arrange: () => write('apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: honeydue-config\ndata:\n  DEBUG: "true"\n'),
      refused: /ConfigMap honeydue-config is what the script makes of config\.yaml and prod\.env/,
    },
    {
      name: 'the manifest of the migrations',
      input: { file: 'migrate/job.yaml' },
      arrange: () => {},
      refused: /is the migration's/,
    },
    {
      name: 'what the server does not take',
      input: { file: 'own.yaml' },
      arrange: () =>
        write('apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: own\nspec:\n  minAvailable: 1\n  maxUnavailable: 1\n'),
      refused: /PodDisruptionBudget own was not compared: .*cannot be both set/,
    },
  ],
)

const object = (more: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', resourceVersion: '7', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
  ...more,
})

test('a field that is there is tested itself, one that is not by what it would stand in, and the way back is the same', () => {
  const live = object({ data: { a: '1', gone: 'x' } })
  const after = { ...object({ data: { a: '2', b: '3' } }), metadata: { ...live.metadata, labels: { app: 'a' } }, immutable: true }
  const changes = fieldChanges(live, after)
  const { data } = live as unknown as { readonly data: unknown }
  expect(changes).toEqual([
    { at: ['data', 'a'], from: '1', to: '2', test: { at: ['data', 'a'], value: '1' } },
    { at: ['data', 'b'], from: undefined, to: '3', test: { at: ['data'], value: data } },
    { at: ['data', 'gone'], from: 'x', to: undefined, test: { at: ['data', 'gone'], value: 'x' } },
    { at: ['immutable'], from: undefined, to: true, test: { at: ['metadata', 'resourceVersion'], value: '7' } },
    { at: ['metadata', 'labels'], from: undefined, to: { app: 'a' }, test: { at: ['metadata', 'resourceVersion'], value: '7' } },
  ])
  expect(backwards(changes)[0]).toEqual({ at: ['data', 'a'], from: '2', to: '1', test: { at: ['data', 'a'], value: '2' } })
  expect(backwards(changes)[2]).toEqual({ at: ['data', 'gone'], from: undefined, to: 'x' })
  expect(fieldChanges(live, live)).toEqual([])
})
