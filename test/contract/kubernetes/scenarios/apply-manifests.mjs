// Server-side apply of whole manifests, as a deploy does it, over what people and controllers changed meanwhile.
import { apply, budget, merge, poll, rolledOut, strategic } from '../objects.mjs'
export default async ({ call, note, ns, apps, server, namespace }) => {
  const owners = (body) =>
    (body.metadata.managedFields ?? [])
      .filter((m) => m.manager !== 'kube-controller-manager' && m.subresource !== 'status')
      .map((m) => [m.manager, m.operation, m.apiVersion, m.subresource ?? null, m.fieldsV1])
      .sort((a, b) => (`${a[0]}${a[1]}` < `${b[0]}${b[1]}` ? -1 : 1))
  const brief = ({ status, headers, body }) => {
    // Who conflicts first is not told: a server names them in any order.
    const causes = body.details?.causes
    if (body.kind === 'Status' && body.reason === 'Conflict' && causes?.length > 1)
      return {
        status,
        headers,
        start: body.message.split(':')[0],
        causes: causes.map((c) => `${c.field}: ${c.message} (${c.reason})`).sort(),
      }
    if (body.kind === 'Status') return { status, headers, body }
    const { 'deployment.kubernetes.io/revision': __, ...annotations } = body.metadata.annotations ?? {}
    const spec = body.spec && { ...body.spec, clusterIP: undefined, clusterIPs: undefined }
    return {
      status,
      headers,
      kind: body.kind,
      labels: body.metadata.labels ?? null,
      annotations,
      spec,
      data: body.data,
      rules: body.rules,
      owners: owners(body),
    }
  }
  const put = async (title, path, body, { manager = 'deploy', force = false, query = '' } = {}) => {
    const r = await server.admin('PATCH', `${path}?fieldManager=${manager}${force ? '&force=true' : ''}${query}`, { type: apply, body })
    if (title) note(title, brief(r))
    return r
  }
  const path = `${apps}/deployments/api`
  const api = (over = {}, spec = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', labels: { app: 'api' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'api' } },
      ...spec,
      template: {
        metadata: { labels: { app: 'api' } },
        spec: {
          containers: [
            {
              name: 'api',
              image: 'registry.test/api:1',
              env: [{ name: 'LOG', value: 'info' }],
              ports: [{ containerPort: 8000, name: 'http' }],
              ...over,
            },
          ],
        },
      },
    },
  })
  await put('a deployment, dry', path, api(), { query: '&dryRun=All' })
  await put('a deployment', path, api())
  await poll(server, path, rolledOut)
  await put('the same again', path, api())
  // People meanwhile.
  await server.admin('PATCH', `${path}/scale?fieldManager=kubectl`, { type: merge, body: { spec: { replicas: 3 } } })
  await put('over a scale', path, api())
  await server.admin('PATCH', `${path}?fieldManager=kubectl-set`, {
    type: strategic,
    body: { spec: { template: { spec: { containers: [{ name: 'api', image: 'registry.test/api:hot' }] } } } },
  })
  await server.admin('PATCH', `${path}?fieldManager=kubectl-edit`, {
    type: strategic,
    body: {
      metadata: { labels: { app: 'edited' } },
      spec: { template: { spec: { containers: [{ name: 'api', env: [{ name: 'LOG', value: 'debug' }] }] } } },
    },
  })
  await put('over three people: every field is named', path, api())
  await put('over three people, dry', path, api(), { query: '&dryRun=All' })
  await put('with what is live where it is not ours: shared', path, {
    ...api({ image: 'registry.test/api:hot', env: [{ name: 'LOG', value: 'debug' }] }, { replicas: 3 }),
    metadata: { name: 'api', labels: { app: 'edited' } },
  })
  await put(
    'without the replicas: given up',
    path,
    (({ spec: { replicas, ...spec }, ...rest }) => ({ ...rest, metadata: { name: 'api', labels: { app: 'edited' } }, spec }))(
      api({ image: 'registry.test/api:hot', env: [{ name: 'LOG', value: 'debug' }] }),
    ),
  )
  await put('forced back', path, api(), { force: true })
  await server.admin('PATCH', `${path}?fieldManager=kubectl-rollout`, {
    type: strategic,
    body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } } },
  })
  await put('a restart is nobody’s conflict', path, api())
  await put(
    'a second container is added',
    path,
    (({ spec, ...rest }) => ({
      ...rest,
      spec: {
        ...spec,
        template: {
          ...spec.template,
          spec: { containers: [...spec.template.spec.containers, { name: 'side', image: 'registry.test/side:1' }] },
        },
      },
    }))(api()),
  )
  await put('and taken back', path, api())
  await put('the selector', path, api({}, { selector: { matchLabels: { app: 'other' } } }))
  await put('a field that is not there', path, api({ imagePolicy: 'x' }))
  await put('a field that is not there, ignored', path, api({ imagePolicy: 'x' }), { query: '&fieldValidation=Ignore' })
  await put('a number as text', path, api({}, { replicas: '2' }))
  await put(
    'the same port twice',
    path,
    api({
      ports: [
        { containerPort: 8000, name: 'http' },
        { containerPort: 8000, name: 'again' },
      ],
    }),
  )
  await put('on a version of before', path, { ...api(), metadata: { name: 'api', resourceVersion: '1', labels: { app: 'api' } } })
  await put('what is not there, on a version', `${apps}/deployments/none`, { ...api(), metadata: { name: 'none', resourceVersion: '1' } })
  await put('what is not there, by uid', `${apps}/deployments/none`, {
    ...api(),
    metadata: { name: 'none', uid: '00000000-0000-0000-0000-000000000000' },
  })
  await put('in another namespace', path, { ...api(), metadata: { name: 'api', namespace: 'default' } })
  await put('as an older version', path, { ...api(), apiVersion: 'apps/v1beta1' })
  await put('by a manager with a long name', path, api(), { manager: 'm'.repeat(129) })
  const text = await server.admin('PATCH', `${ns}/configmaps/yaml?fieldManager=deploy`, {
    type: apply,
    body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  A: "1"\n',
  })
  note('as YAML', brief(text))
  note(
    'as YAML with a tab',
    brief(
      await server.admin('PATCH', `${ns}/configmaps/yaml?fieldManager=deploy`, {
        type: apply,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: yaml\n',
      }),
    ),
  )
  note(
    'as YAML with a key twice',
    brief(
      await server.admin('PATCH', `${ns}/configmaps/yaml?fieldManager=deploy`, {
        type: apply,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  A: "1"\n  A: "2"\n',
      }),
    ),
  )
  // From client-side apply to server-side apply.
  const last = 'kubectl.kubernetes.io/last-applied-configuration'
  const map = (data) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data })
  await server.admin('POST', `${ns}/configmaps?fieldManager=kubectl-client-side-apply`, {
    body: { ...map({ A: '1', B: '2' }), metadata: { name: 'settings', annotations: { [last]: JSON.stringify(map({ A: '1', B: '2' })) } } },
  })
  await put('over client-side apply, the same', `${ns}/configmaps/settings`, map({ A: '1', B: '2' }), { manager: 'kubectl' })
  await put('over client-side apply, another value', `${ns}/configmaps/settings`, map({ A: '1', B: '3' }), { manager: 'kubectl' })
  await put('over client-side apply, one key fewer', `${ns}/configmaps/settings`, map({ A: '1' }), { manager: 'kubectl' })
  // Other kinds.
  const service = (port, extra = {}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api' },
    spec: { selector: { app: 'api' }, ports: [{ port, targetPort: 'http' }], ...extra },
  })
  await put('a service', `${ns}/services/api`, service(80))
  await put('another port: the list has its keys', `${ns}/services/api`, service(81))
  await put(
    'another manager adds a port',
    `${ns}/services/api`,
    { ...service(9090), spec: { ports: [{ port: 9090, name: 'metrics' }] } },
    { manager: 'metrics' },
  )
  await put('a budget', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/api`, budget('api', { minAvailable: 1 }))
  await put(
    'the budget the other way round',
    `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/api`,
    budget('api', { maxUnavailable: 1 }),
  )
  const ingress = (hosts) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'api' },
    spec: {
      ingressClassName: 'traefik',
      tls: [{ hosts, secretName: 'cloudflare-origin-cert' }],
      rules: hosts.map((host) => ({
        host,
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { number: 8000 } } } }] },
      })),
    },
  })
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/api`
  await put('an ingress', ingresses, ingress(['api.example.test']))
  await put('another manager’s hosts: the list is one value', ingresses, ingress(['other.example.test']), { manager: 'edge' })
  const role = (verbs) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
  })
  const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/reader`
  await put('a role', roles, role(['get']))
  await put('another manager’s rules', roles, role(['get', 'list']), { manager: 'other' })
  await put('a secret from plain text', `${ns}/secrets/app`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'app' },
    stringData: { A: 'b' },
  })
  await put('again: the text is owned beside what it became', `${ns}/secrets/app`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'app' },
    stringData: { A: 'c' },
  })
  await call('a list of manifests', 'PATCH', `${ns}/configmaps/list?fieldManager=deploy`, {
    type: apply,
    body: { apiVersion: 'v1', kind: 'List', items: [map({})] },
  })
}
