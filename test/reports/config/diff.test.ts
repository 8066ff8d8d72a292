import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { exitOfView } from '../../../src/lib/cli/exit-of-view.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { configDiff } from '../../../src/lib/reports/config/diff.ts'
import { hosts, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
beforeEach(async () => {
  await close()
  await sandbox().reset()
})

const look = async (exitCode = false) => {
  const view = await configDiff.look({ 'exit-code': exitCode }, readersOf(systems(), configDiff.needs), contextOf(sandbox().environment))
  for (const secret of plantedValues) expect(JSON.stringify(view)).not.toContain(secret)
  return {
    ...view,
    data: view.data as { readonly manifests: readonly { readonly object: string }[] },
    texts: view.findings.map(({ text }) => text),
  }
}
const file = (path: string) => join(sandbox().environment.checkout, path)
const edit = (path: string, from: string, to: string) => {
  const text = readFileSync(file(path), 'utf8')
  expect(text).toContain(from)
  writeFileSync(file(path), text.replace(from, to))
}
const setKey = (key: string, value: string) =>
  sandbox().kubernetes.client.update(
    { group: '', resource: 'configmaps' },
    'honeydue-config',
    namespace,
    (draft) => {
      draft.data = { ...(draft.data as object), [key]: value }
    },
    { manager: 'kubectl-edit' },
  )

test('a deployment as it was deployed differs in rbac.yaml alone, and with all applied in nothing', async () => {
  const view = await look()
  expect(view.texts).toEqual([
    expect.stringMatching(/^ServiceAccount honeydue is not in the cluster: .*rbac\.yaml, which 03-deploy\.sh does not apply/),
  ])
  expect(view.findings.map(({ next }) => next)).toEqual(['honeydue config:apply rbac.yaml --dry-run'])
  expect(exitOfView(view)).toBe(0)
  expect(exitOfView(await look(true))).toBe(1)
  writeFileSync(file('deploy-k3s/manifests/rbac.yaml'), '# nothing\n')
  const same = await look(true)
  expect(same.texts).toEqual([])
  expect(exitOfView(same)).toBe(0)
})

test('what is missing and what differs in a file is brought by the same command, which shows both first', async () => {
  edit('deploy-k3s/manifests/pod-disruption-budgets.yaml', 'minAvailable: 2', 'minAvailable: 3')
  const budgets = file('deploy-k3s/manifests/pod-disruption-budgets.yaml')
  const next = 'honeydue config:apply pod-disruption-budgets.yaml --dry-run'
  const text = readFileSync(budgets, 'utf8')
  writeFileSync(budgets, `${text}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: missing\n  namespace: kube-system\n`)
  const { findings } = await look()
  for (const said of ['ConfigMap missing is not in the cluster', 'PodDisruptionBudget api differs'])
    expect(findings.find(({ text: one }) => one.startsWith(said))?.next).toBe(next)
})

test('an edited ConfigMap is told with who did it, and the pods that do not have it yet', async () => {
  setKey('DB_HOST', hosts.direct)
  edit('deploy/prod.env', 'DEBUG=false', 'export DEBUG="true" ')
  setKey('REDIS_PASSWORD', planted.redisPassword)
  const { texts } = await look()
  expect(texts).not.toContainEqual(expect.stringContaining('APNS_TOPIC'))
  const host = texts.find((text) => text.startsWith('DB_HOST is ')) ?? ''
  expect(host).toContain(hosts.direct)
  expect(host).toMatch(/kubectl-edit set it at 20/)
  expect(texts).toContainEqual(expect.stringMatching(/^DEBUG is false, and deploy\/prod\.env:4 says true/))
  expect(texts).toContainEqual(expect.stringMatching(/^\d+ pods have started before DB_HOST was set/))
})

test('one kind that this user may not read is not known, and the rest is told', async () => {
  writeFileSync(file('deploy-k3s/manifests/rbac.yaml'), '# nothing\n')
  const forbidden = { status: 403, reason: 'Forbidden', message: 'services is forbidden' }
  sandbox().kubernetes.fail({ match: ({ path }) => /\/(?:services|pods)\b/.test(path), answer: forbidden })
  const view = await look(true)
  expect(view.texts).toEqual([
    ...view.data.manifests
      .filter(({ object }) => object.startsWith('Service '))
      .map(({ object }) => `${object} was not compared: this user has no right to it`),
  ])
  expect(view.texts.length).toBeGreaterThan(0)
  expect(view.notes).toContainEqual('Which pods started before a key was set is not known: this user may not list pods')
  // Nothing else differs; but what may not be looked at is not the same.
  expect(exitOfView(view)).toBe(9)
  setKey('DB_HOST', hosts.direct)
  expect(exitOfView(await look(true))).toBe(1)
})

test('a manifest that was changed and not applied is told, one that the script fills in is not compared, and nothing is written', async () => {
  edit('deploy-k3s/manifests/pod-disruption-budgets.yaml', 'minAvailable: 2', 'minAvailable: 3')
  writeFileSync(
    file('deploy-k3s/manifests/filled.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: filled\ndata:\n  token: $OBS_INGEST_TOKEN\n',
  )
  writeFileSync(file('deploy-k3s/manifests/broken.yaml'), 'a: [\n')
  writeFileSync(file('deploy-k3s/manifests/strange.yaml'), 'apiVersion: v1\nkind: Nothing\nmetadata:\n  name: strange\n')
  const before = JSON.stringify(sandbox().kubernetes.client.list({ group: 'policy', resource: 'poddisruptionbudgets' }, { namespace }))
  const { texts } = await look()
  expect(texts).toContainEqual(expect.stringMatching(/^PodDisruptionBudget api differs from .*spec\.minAvailable: 3, not 2/))
  expect(texts).toContainEqual('ConfigMap filled was not compared: the script fills it in')
  expect(texts).toContainEqual(expect.stringMatching(/broken\.yaml was not compared: it does not parse/))
  expect(texts).toContainEqual(expect.stringMatching(/^Nothing strange was not compared: /))
  expect(JSON.stringify(sandbox().kubernetes.client.list({ group: 'policy', resource: 'poddisruptionbudgets' }, { namespace }))).toBe(
    before,
  )
})
