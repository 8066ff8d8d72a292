// Eviction as a drain asks for it: budgets that allow nothing, preconditions, and pods that no budget protects.
import { budget, conditions, deployment, merge, pod, poll, renamed, rolledOut } from '../objects.mjs'
export default async ({ call, ns, apps, note, server, namespace }) => {
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`
  const evict = async (title, name, { body, query = '', user = 'admin', only } = {}) => {
    const r = await server[user]('POST', `${ns}/pods/${name}/eviction${query}`, {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, ...body },
    })
    if (title) note(title, only ? only(r) : renamed({ [name]: '<pod>' }, r))
  }
  const alive = async (app) =>
    (await server.admin('GET', `${ns}/pods?labelSelector=app%3D${app}`)).body.items.filter((p) => !p.metadata.deletionTimestamp)
  await call('', 'POST', `${apps}/deployments`, { body: deployment('api', { replicas: 3 }) })
  await poll(server, `${apps}/deployments/api`, rolledOut)
  await call('a budget that allows nothing', 'POST', budgets, { body: budget('api', { maxUnavailable: 0 }) })
  const counted = await poll(server, `${budgets}/api`, (r) => r.body.status?.currentHealthy === 3)
  note('the budget, counted', { status: { ...counted.body.status, conditions: conditions(counted.body.status.conditions, 'reason') } })
  for (const [i, p] of (await alive('api')).entries()) await evict(`pod ${i + 1} of 3 against maxUnavailable 0`, p.metadata.name)
  note('nothing was disrupted', {
    alive: (await alive('api')).length,
    disruptedPods: (await server.admin('GET', `${budgets}/api`)).body.status.disruptedPods ?? null,
  })
  await call('', 'PATCH', `${budgets}/api`, { type: merge, body: { spec: { maxUnavailable: null, minAvailable: '100%' } } })
  await poll(server, `${budgets}/api`, (r) => r.body.status?.observedGeneration === r.body.metadata.generation)
  const [first, second] = (await alive('api')).map((p) => p.metadata.name)
  await evict('against minAvailable 100%', first)
  await evict('dry: the budget still says no', first, { query: '?dryRun=All' })
  await evict('with a uid that is not the pod’s', first, {
    body: { deleteOptions: { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } } },
  })
  await evict('under another name in the body', first, { body: { metadata: { name: 'other', namespace } } })
  await evict('in another namespace in the body', first, { body: { metadata: { name: first, namespace: 'default' } } })
  await evict('an unknown kind in the body', first, { body: { kind: 'Evict' } })
  await call('', 'POST', budgets, { body: budget('api-too', { minAvailable: 1 }, 'api') })
  await poll(server, `${budgets}/api-too`, (r) => r.body.status?.currentHealthy === 3)
  await evict('two budgets for one pod', first)
  await call('', 'DELETE', `${budgets}/api-too`)
  await poll(server, `${budgets}/api-too`, (r) => r.status === 404)
  await server.sleep(300)
  await call('', 'PATCH', `${budgets}/api`, { type: merge, body: { spec: { minAvailable: 2 } } })
  await poll(
    server,
    `${budgets}/api`,
    (r) => r.body.status?.observedGeneration === r.body.metadata.generation && r.body.status.disruptionsAllowed === 1,
  )
  await evict('one may go', first, { body: { deleteOptions: { gracePeriodSeconds: 5 } } })
  await evict('the next at once may not', second, {
    only: ({ status, headers, body }) => ({
      status,
      headers,
      reason: body.reason,
      code: body.code,
      causes: body.details?.causes?.map((c) => c.reason),
    }),
  })
  await poll(server, `${apps}/deployments/api`, rolledOut)
  await poll(server, `${budgets}/api`, (r) => r.body.status?.disruptionsAllowed === 1)
  await evict('the next later may', second, { query: '?dryRun=All' })
  // Pods that are not ready.
  await call('', 'POST', budgets, { body: budget('sick', { minAvailable: 1 }) })
  await call('', 'POST', `${apps}/deployments`, {
    body: deployment('sick', { replicas: 2, annotations: { 'honeydue.test/never-ready': '1' } }),
  })
  await poll(
    server,
    `${ns}/pods?labelSelector=app%3Dsick`,
    (r) => r.body.items.length === 2 && r.body.items.every((p) => p.status.phase === 'Running'),
  )
  await poll(server, `${budgets}/sick`, (r) => r.body.status?.expectedPods === 2)
  const [sick] = (await alive('sick')).map((p) => p.metadata.name)
  await evict('an unready pod, the budget broken already', sick)
  await call('evict unready pods always', 'PATCH', `${budgets}/sick`, {
    type: merge,
    body: { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
  })
  await poll(server, `${budgets}/sick`, (r) => r.body.status?.observedGeneration === r.body.metadata.generation)
  await evict('the same pod under AlwaysAllow', sick)
  await call('another policy', 'PATCH', `${budgets}/sick`, { type: merge, body: { spec: { unhealthyPodEvictionPolicy: 'Never' } } })
  // Pods that no budget protects: one on no node, one that is going, one that has ended.
  await call('', 'POST', budgets, { body: budget('lone', { minAvailable: 1 }) })
  await call('', 'POST', `${ns}/pods`, { body: pod('pending', { nodeSelector: { none: 'none' } }, { labels: { app: 'lone' } }) })
  await poll(server, `${budgets}/lone`, (r) => r.body.status?.observedGeneration === 1)
  await poll(server, `${ns}/pods/pending`, (r) => r.body.status?.conditions?.length > 0)
  await evict('a pod on no node, under a budget', 'pending')
  await call('', 'POST', `${ns}/pods`, { body: pod('held', {}, { labels: { app: 'held' }, finalizers: ['honeydue.test/keep'] }) })
  await poll(server, `${ns}/pods/held`, (r) => r.body.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
  await evict('a pod without a budget', 'held')
  const held = await poll(server, `${ns}/pods/held`, (r) => r.body.metadata.deletionTimestamp)
  note('is told why it goes', {
    grace: held.body.metadata.deletionGracePeriodSeconds,
    condition: held.body.status.conditions.filter((c) => c.type === 'DisruptionTarget').map(({ lastTransitionTime, ...c }) => c),
  })
  await call('', 'POST', budgets, { body: budget('held', { minAvailable: 1 }) })
  await server.sleep(500)
  await evict('a pod that is going already, under a budget', 'held')
  await call('', 'PATCH', `${ns}/pods/held`, { type: merge, body: { metadata: { finalizers: null } } })
  await call('', 'POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, {
    body: {
      metadata: { name: 'done' },
      spec: {
        template: {
          metadata: { labels: { app: 'done' }, annotations: { 'honeydue.test/complete-after': '100ms' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'registry.test/a:1' }] },
        },
      },
    },
  })
  await call('', 'POST', budgets, { body: budget('done', { minAvailable: 1 }) })
  const done = await poll(server, `${ns}/pods?labelSelector=app%3Ddone`, (r) => r.body.items[0]?.status.phase === 'Succeeded')
  await evict('a pod that has ended, under a budget', done.body.items[0].metadata.name)
  await call('reading an eviction', 'GET', `${ns}/pods/${first}/eviction`.replace(first, 'none'))
}
