import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { registryStatus } from '../../../src/lib/reports/registry/status.ts'
import { image, namespace, registryHost, tags } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { KubeObject } from '../../../src/lib/sandbox/kubernetes/types.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { contextOf } from '../../support/context.ts'
import { patient } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const deployments = { group: 'apps', resource: 'deployments' }
const secrets = { group: '', resource: 'secrets' }

const look = () => registryStatus.look({}, readersOf(systems(), registryStatus.needs), contextOf(sandbox().environment))
const told = async () =>
  (await look()).findings.map(({ level, text, next }) => `${level}: ${text}${next === undefined ? '' : ` → ${next}`}`)

type Spec = { imagePullSecrets?: readonly { readonly name: string }[]; containers: { image: string }[] }
const change = (name: string, edit: (spec: Spec) => void) =>
  sandbox().kubernetes.client.update(deployments, name, namespace, (draft) =>
    edit((draft['spec'] as { readonly template: { readonly spec: Spec } }).template.spec),
  )
const pullSecret = ({ kubernetes }: Sandbox, name: string, auths: object | undefined) => {
  const data = auths && { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') }
  if (kubernetes.client.get(secrets, name, namespace) === undefined)
    kubernetes.client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type: 'kubernetes.io/dockerconfigjson',
      ...(data && { data }),
    })
  else if (data === undefined) kubernetes.client.delete(secrets, name, namespace)
  else kubernetes.client.update(secrets, name, namespace, (draft) => Object.assign(draft, { data }))
}
const admin = (password: string) => ({ [registryHost]: { username: 'admin', password } })

test('all is well: everybody is let in from everywhere, each image is there, and no secret is shown', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual([['gitea-credentials', 'admin, api, web, worker', 'yes', 'yes', 'yes', 'yes']])
  expect(view.tables[1]?.rows).toContainEqual(['api', tags.goose, 'live', expect.stringMatching(/^sha256:\w{12}$/), 'linux/amd64', 'yes'])
  expect(view.notes).toContain(`${registryHost}/admin/honeydue-api: 2 tags`)
  const text = renderView(view, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) expect(text + JSON.stringify(view.data)).not.toContain(secret)
})

test('a registry that is away for this machine alone, and one that is away for everybody', async () => {
  const { registry } = sandbox()
  registry.trouble = 'reset from here'
  const [here, ...others] = await told()
  expect(here).toMatch(
    /^wrong: The registry gitea\.treytartt\.com does not answer: .* The nodes get there \(hetzner1, hetzner2, hetzner3\): it is the way from this machine → curl /,
  )
  expect(others).toEqual([])
  registry.trouble = 'reset'
  const view = await look()
  expect(view.findings.map(({ text }) => text)).toEqual([expect.stringMatching(/does not answer: .*\. No node gets there either$/)])
  expect(view.tables[0]?.rows[0]?.slice(2)).toEqual(Array(4).fill('NO ANSWER'))
  expect(view.tables[1]?.rows.map((row) => row.at(-1))).toEqual(Array(4).fill('?'))
})

test('pull secrets: revoked, of another registry, not there, none at all, and one of two that is of use', async () => {
  const world = sandbox()
  pullSecret(world, 'gitea-credentials', admin('PLANTED-revoked'))
  expect(await told()).toEqual([
    'wrong: Pull secret gitea-credentials of Deployment admin, Deployment api, Deployment web, Deployment worker does not work: The registry gitea.treytartt.com answered 401: the credentials of the pull secret are not accepted, or may not read this image. Pods start only on nodes that have their images → honeydue secrets:status',
  ])
  pullSecret(world, 'gitea-credentials', { 'ghcr.io': { username: 'admin', password: 'PLANTED-other' } })
  expect((await told())[0]).toContain('does not work: Secret honeydue/gitea-credentials has no credentials for gitea.treytartt.com: ')
  pullSecret(world, 'gitea-credentials', undefined)
  expect((await told())[0]).toContain(
    'does not work: There is no Secret honeydue/gitea-credentials with a .dockerconfigjson. Pods start only',
  )
  pullSecret(world, 'ghcr-credentials', admin(planted.registryPassword))
  for (const name of ['api', 'admin', 'web'])
    change(name, (spec) => Object.assign(spec, { imagePullSecrets: [{ name: 'ghcr-credentials' }] }))
  change('api', (spec) => Object.assign(spec, { imagePullSecrets: [{ name: 'gitea-credentials' }, { name: 'ghcr-credentials' }] }))
  change('worker', (spec) => delete spec.imagePullSecrets)
  expect((await told()).filter((text) => !text.includes('way back'))).toEqual([
    expect.stringMatching(/^wrong: Deployment worker names no pull secret, and gitea\.treytartt\.com wants one: /),
    expect.stringMatching(/^warning: gitea-credentials of Deployment api is of no use: .*\. Another pull secret is$/),
  ])
})

test('a node that finds no way to it, one that is away, and nodes that forward for nobody', async () => {
  const { registry, nodes } = sandbox()
  registry.apart.add('hetzner2')
  await nodes.setUp('hetzner3', false)
  expect(await told()).toEqual([
    expect.stringMatching(
      /^wrong: hetzner2 cannot pull from gitea\.treytartt\.com: hetzner2 cannot connect to .* → ssh hetzner2 'curl -sv .*'$/,
    ),
    expect.stringMatching(/^warning: hetzner3 could not be asked: /),
  ])
  await nodes.setUp('hetzner3', true)
  for (const { alias } of nodes.nodes) registry.apart.add(alias)
  expect((await told()).map((text) => text.slice(0, 35))).toEqual([1, 2, 3].map((n) => `warning: hetzner${n} could not be aske`))
})

test('a tag that was pushed again, an image that is gone, and one for another platform', async () => {
  const { registry } = sandbox()
  registry.push(image('web'))
  registry.lacking.add(image('admin'))
  registry.push(image('worker'), { platforms: ['linux/arm64'] })
  const view = await look()
  expect(view.findings.map(({ text }) => text)).toEqual([
    expect.stringMatching(/honeydue-admin:12b2f9d is not in its registry: a pod of admin that comes to a node without it does not start$/),
    expect.stringMatching(
      /^web runs sha256:\w{12}, which it has no more: no node can pull it again\. The tag was pushed again, and is sha256:\w{12} now$/,
    ),
    expect.stringMatching(/honeydue-worker:12b2f9d is for linux\/arm64 alone: it does not run on these nodes/),
  ])
  expect(view.tables[1]?.rows.map(([name, , , , , there]) => [name, there])).toEqual([
    ['admin', 'NO'],
    ['api', 'yes'],
    ['web', 'ANOTHER'],
    ['worker', 'ANOTHER'],
  ])
})

test('the way back: the image of the revision before is gone, and older ones are told together', async () => {
  const { registry, kubernetes } = sandbox()
  for (const tag of ['bbbbbbb', 'ccccccc']) {
    registry.push(image('web', tag))
    change('web', ({ containers }) => Object.assign(containers[0] ?? {}, { image: image('web', tag) }))
    const runs = ({ spec }: KubeObject) => JSON.stringify(spec).includes(tag)
    const pods = () => kubernetes.client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'web' } })
    await expect.poll(() => pods().length === 3 && pods().every(runs), patient).toBe(true)
  }
  expect(await told()).toEqual([])
  expect((await look()).tables[1]?.rows.filter(([name]) => name === 'web').map(([, tag, use]) => [tag, use])).toEqual([
    ['ccccccc', 'live'],
    ['bbbbbbb', 'revision 2'],
    [tags.goose, 'revision 1'],
  ])
  for (const tag of ['bbbbbbb', tags.goose]) registry.lacking.add(image('web', tag))
  expect(await told()).toEqual([
    expect.stringMatching(/^wrong: The way back of web is cut off: .*honeydue-web:bbbbbbb \(revision 2\) is not in its registry → docker /),
    'warning: Older revisions of web cannot be pulled any more: 1',
  ])
})
