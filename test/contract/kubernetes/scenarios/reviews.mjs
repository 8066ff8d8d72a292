// Who may do what, asked for others: reviews, rules, impersonation.
export default async ({ call, viewer, anonymous, note, ns, server, namespace }) => {
  const authz = '/apis/authorization.k8s.io/v1'
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  const may = (user, attributes, extra = {}) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: attributes && { namespace, ...attributes }, ...extra },
  })
  const patch = { verb: 'patch', group: 'apps', resource: 'deployments' }
  const ask = (title, body, as = call) => as(title, 'POST', `${authz}/subjectaccessreviews`, { body })
  await ask('an unknown user', may('jane', patch))
  await ask('a member of the masters', may('jane', patch, { groups: ['system:masters'] }))
  await server.admin('POST', `${rbac}/roles`, {
    body: {
      metadata: { name: 'deployer' },
      rules: [
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch', 'patch'] },
        { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: ['api'], verbs: ['update', 'patch'] },
        { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      ],
    },
  })
  await server.admin('POST', `${rbac}/rolebindings`, {
    body: {
      metadata: { name: 'deployers' },
      subjects: [
        { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' },
        { kind: 'ServiceAccount', name: 'deployer', namespace },
      ],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
    },
  })
  await server.sleep(500)
  await ask('the same user with a role', may('jane', patch))
  await ask('of one deployment', may('jane', { ...patch, name: 'api' }))
  await ask('in another namespace', may('jane', { ...patch, namespace: 'default' }))
  await ask('in all namespaces', may('jane', { ...patch, namespace: '' }))
  await ask(
    'a subresource of one name',
    may('jane', { verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale', name: 'api' }),
  )
  await ask(
    'a subresource of another name',
    may('jane', { verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale', name: 'web' }),
  )
  await ask('evictions', may('jane', { verb: 'create', resource: 'pods', subresource: 'eviction' }))
  await ask('a service account', may(`system:serviceaccount:${namespace}:deployer`, patch))
  await ask(
    'a service account by its groups alone',
    may('x', patch, { groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] }),
  )
  await ask('a path', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'jane', nonResourceAttributes: { verb: 'get', path: '/metrics' } },
  })
  // Two bindings allow it: which of them the reason names is not told.
  note(
    'a path that everybody may read',
    (({ status, body }) => ({
      status,
      allowed: body.status.allowed,
      byBinding: body.status.reason.startsWith('RBAC: allowed by ClusterRoleBinding'),
    }))(
      await server.admin('POST', `${authz}/subjectaccessreviews`, {
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { user: 'jane', groups: ['system:authenticated'], nonResourceAttributes: { verb: 'get', path: '/version' } },
        },
      }),
    ),
  )
  await ask('both at once', may('jane', patch, { nonResourceAttributes: { verb: 'get', path: '/metrics' } }))
  await ask('neither', may('jane', undefined))
  await ask('nobody', may(undefined, patch))
  await ask(
    'by field',
    may('jane', { ...patch, verb: 'list', fieldSelector: { requirements: [{ key: 'metadata.name', operator: 'In', values: ['api'] }] } }),
  )
  await ask(
    'by field, wrongly',
    may('jane', { ...patch, fieldSelector: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Around' }] } }),
  )
  await ask('a stranger asks for others', may('jane', patch), viewer)
  await ask('nobody asks', may('jane', patch), anonymous)
  await call('in a namespace', 'POST', `${authz}/namespaces/${namespace}/localsubjectaccessreviews`, {
    body: { ...may('jane', patch), kind: 'LocalSubjectAccessReview' },
  })
  await call('in a namespace, of another', 'POST', `${authz}/namespaces/${namespace}/localsubjectaccessreviews`, {
    body: { ...may('jane', { ...patch, namespace: 'default' }), kind: 'LocalSubjectAccessReview' },
  })
  await call('read one', 'GET', `${authz}/subjectaccessreviews`)
  const rules = async (title, headers) => {
    const r = await server.admin('POST', `${authz}/selfsubjectrulesreviews`, {
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
      headers,
    })
    note(
      title,
      r.body.status
        ? {
            status: r.status,
            resource: r.body.status.resourceRules.map((x) => JSON.stringify(x)).sort(),
            paths: r.body.status.nonResourceRules.map((x) => JSON.stringify(x)).sort(),
            incomplete: r.body.status.incomplete,
          }
        : r,
    )
  }
  await rules('the rules of that user', { 'Impersonate-User': 'jane' })
  await rules('the rules of the same, authenticated', { 'Impersonate-User': 'jane', 'Impersonate-Group': 'system:authenticated' })
  const as = (title, headers, method = 'GET', path = `/apis/apps/v1/namespaces/${namespace}/deployments`, options = {}) =>
    call(title, method, path, { ...options, headers })
  await as('as that user', { 'Impersonate-User': 'jane' }, 'GET', `/apis/apps/v1/namespaces/${namespace}/deployments/none`)
  await as('as that user, too far', { 'Impersonate-User': 'jane' }, 'DELETE', `/apis/apps/v1/namespaces/${namespace}/deployments/none`)
  await as('as a group without a user', { 'Impersonate-Group': 'admins' })
  await as(
    'who am I then?',
    { 'Impersonate-User': 'jane', 'Impersonate-Group': 'admins', 'Impersonate-Extra-reason': 'test' },
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { body: {} },
  )
  await as(
    'as a service account',
    { 'Impersonate-User': `system:serviceaccount:${namespace}:deployer` },
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { body: {} },
  )
  await viewer('a stranger as another', 'GET', `${ns}/configmaps`, { headers: { 'Impersonate-User': 'jane' } })
  await call('a role of more than one has: the administrator may', 'POST', `${rbac}/roles`, {
    body: { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  })
  await as('a role of more than one has: escalation', { 'Impersonate-User': 'jane' }, 'POST', `${rbac}/roles`, {
    body: { metadata: { name: 'more' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  })
  await call('a binding whose role changes', 'PATCH', `${rbac}/rolebindings/deployers`, {
    type: 'application/merge-patch+json',
    body: { roleRef: { name: 'all' } },
  })
  await call('a role without verbs', 'POST', `${rbac}/roles`, {
    body: { metadata: { name: 'none' }, rules: [{ apiGroups: [''], resources: ['pods'] }] },
  })
}
