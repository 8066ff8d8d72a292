// The scale of whatever has one: read, set, tested, owned; and what has none.
import { daemonSet, deployment, json, merge, poll, rolledOut, statefulSet } from '../objects.mjs'
export default async ({ call, viewer, note, apps, server, namespace }) => {
  const path = `${apps}/deployments/api`
  const brief = (r) => ({
    status: r.status,
    headers: r.headers,
    body: r.body.kind === 'Scale' ? { ...r.body, status: { selector: r.body.status.selector } } : r.body,
  })
  const ask = async (title, method, path, options = {}) => {
    const r = await server.admin(method, path, options)
    if (title) note(title, brief(r))
    return r
  }
  const owners = async (title) =>
    note(title, {
      managers: (await server.admin('GET', path)).body.metadata.managedFields
        .filter((m) => m.manager !== 'kube-controller-manager' && m.subresource !== 'status')
        .map((m) => [m.manager, m.operation, m.apiVersion, m.subresource ?? null, JSON.stringify(m.fieldsV1).includes('f:replicas')])
        .sort(),
    })
  await server.admin('POST', `${apps}/deployments?fieldManager=creator`, { body: deployment('api', { replicas: 1 }) })
  const settled = await poll(server, path, rolledOut)
  note('of a settled deployment', brief(await server.admin('GET', `${path}/scale`)))
  note('with its count', { status: (await server.admin('GET', `${path}/scale`)).body.status })
  await owners('the creator owns the replicas')
  const { body: read } = await ask('', 'GET', `${path}/scale`)
  await ask('set what was read', 'PUT', `${path}/scale?fieldManager=kubectl`, { body: { ...read, spec: { replicas: 2 } } })
  await ask('set what was read before', 'PUT', `${path}/scale`, { body: { ...read, spec: { replicas: 3 } } })
  await ask('set without a version', 'PUT', `${path}/scale?fieldManager=kubectl`, {
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace }, spec: { replicas: 3 } },
  })
  await ask('set, dry', 'PUT', `${path}/scale?dryRun=All`, {
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace }, spec: { replicas: 9 } },
  })
  await owners('whoever sets the scale owns the replicas')
  await ask('as another kind', 'PUT', `${path}/scale`, {
    body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' }, spec: { replicas: 3 } },
  })
  await ask('under another name', 'PUT', `${path}/scale`, {
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'other', namespace }, spec: { replicas: 3 } },
  })
  await ask('below nothing', 'PUT', `${path}/scale`, {
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace }, spec: { replicas: -1 } },
  })
  await ask('a patch with a test', 'PATCH', `${path}/scale?fieldManager=honeydue`, {
    type: json,
    body: [
      { op: 'test', path: '/spec/replicas', value: 3 },
      { op: 'replace', path: '/spec/replicas', value: 0 },
    ],
  })
  await ask('a test that fails', 'PATCH', `${path}/scale`, {
    type: json,
    body: [
      { op: 'test', path: '/spec/replicas', value: 3 },
      { op: 'replace', path: '/spec/replicas', value: 1 },
    ],
  })
  await ask('a patch on an old version', 'PATCH', `${path}/scale`, {
    type: merge,
    body: { metadata: { resourceVersion: read.metadata.resourceVersion }, spec: { replicas: 2 } },
  })
  await ask('a patch of what is not scale', 'PATCH', `${path}/scale`, { type: merge, body: { spec: { replicas: 2, paused: true } } })
  await ask('by server-side apply', 'PATCH', `${path}/scale?fieldManager=applier`, {
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace }, spec: { replicas: 2 } },
  })
  await ask('by server-side apply, forced', 'PATCH', `${path}/scale?fieldManager=applier&force=true`, {
    type: 'application/apply-patch+yaml',
    body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'api', namespace }, spec: { replicas: 1 } },
  })
  await owners('the applier owns them')
  await ask('create one', 'POST', `${path}/scale`, { body: {} })
  await ask('delete one', 'DELETE', `${path}/scale`)
  await ask('of what is not there', 'PATCH', `${apps}/deployments/none/scale`, { type: merge, body: { spec: { replicas: 2 } } })
  await viewer('a stranger scales', 'PATCH', `${path}/scale`, { type: merge, body: { spec: { replicas: 2 } } })
  await server.admin('POST', `${apps}/statefulsets`, { body: statefulSet('db', { replicas: 0 }) })
  await ask('of a stateful set', 'GET', `${apps}/statefulsets/db/scale`)
  await ask('set that of a stateful set', 'PATCH', `${apps}/statefulsets/db/scale`, { type: merge, body: { spec: { replicas: 1 } } })
  await server.admin('POST', `${apps}/daemonsets`, { body: daemonSet('agent') })
  await ask('a daemon set has none', 'GET', `${apps}/daemonsets/agent/scale`)
  note('the deployment’s generation counts each change', {
    generation: (await server.admin('GET', path)).body.metadata.generation,
    was: settled.body.metadata.generation,
  })
}
