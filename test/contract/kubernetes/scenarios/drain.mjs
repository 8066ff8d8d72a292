// What a drain of one node sees, in its order: cordon, look, evict, wait; what stays, what comes back elsewhere, what blocks it for ever.
import { budget, daemonSet, deployment, nodeNames, pod, poll, renamed, rolledOut, strategic } from '../objects.mjs'
export default async ({ call, note, ns, apps, server, namespace }) => {
  const node = (await nodeNames(server)).at(-1)
  const path = `/api/v1/nodes/${node}`
  const there = async () => (await server.admin('GET', `${ns}/pods?fieldSelector=spec.nodeName%3D${node}`)).body.items
  const evict = (name) =>
    server.admin('POST', `${ns}/pods/${name}/eviction`, {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
    })
  const onNode = { nodeSelector: { 'kubernetes.io/hostname': node } }
  try {
    await call('', 'POST', `${apps}/daemonsets`, { body: daemonSet('agent') })
    await call('', 'POST', `${apps}/deployments`, { body: deployment('free', { replicas: 6 }) })
    await call('', 'POST', `${apps}/deployments`, { body: deployment('bound', { replicas: 2, pod: onNode }) })
    await call('', 'POST', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, { body: budget('bound', { maxUnavailable: 1 }) })
    await call('', 'POST', `${ns}/pods`, {
      body: pod('bare', {
        ...onNode,
        volumes: [{ name: 'scratch', emptyDir: {} }],
        containers: [{ name: 'a', image: 'registry.test/a:1', volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] }],
      }),
    })
    await poll(server, `${apps}/daemonsets/agent`, (r) => r.body.status?.numberAvailable === 3)
    for (const name of ['free', 'bound']) await poll(server, `${apps}/deployments/${name}`, rolledOut)
    await poll(server, `${ns}/pods/bare`, (r) => r.body.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
    await poll(server, `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/bound`, (r) => r.body.status?.disruptionsAllowed === 1)
    await server.admin('PATCH', `${path}?fieldManager=kubectl`, { type: strategic, body: { spec: { unschedulable: true } } })
    await poll(server, path, (r) => (r.body.spec.taints ?? []).some((t) => t.key === 'node.kubernetes.io/unschedulable'))
    await server.sleep(1000)
    const kinds = (pods) =>
      pods
        .map((p) => `${p.metadata.ownerReferences?.[0]?.kind ?? 'none'} ${p.metadata.labels?.app ?? p.metadata.name}`)
        .filter((k) => k !== 'ReplicaSet free')
        .sort()
    const at = await there()
    note('what is on the node: a cordon moves nothing', { kinds: kinds(at), ofFree: at.some((p) => p.metadata.labels?.app === 'free') })
    const daemon = at.find((p) => p.metadata.labels?.app === 'agent')
    note('the daemon’s pod tolerates the cordon', {
      tolerations: daemon.spec.tolerations,
      affinity: renamed({ [node]: '<node>' }, daemon.spec.affinity),
    })
    const from = (await server.admin('GET', `${ns}/pods`)).body.metadata.resourceVersion
    // Pods without a budget go at once and come back elsewhere.
    const free = at.filter((p) => p.metadata.labels?.app === 'free')
    note('evict those that no budget holds', {
      statuses: [...new Set(await Promise.all(free.map(async (p) => (await evict(p.metadata.name)).status)))],
    })
    await server.sleep(500)
    await poll(
      server,
      `${ns}/pods?labelSelector=app%3Dfree`,
      (r) => r.body.items.length === 6 && r.body.items.every((p) => p.spec.nodeName && p.spec.nodeName !== node),
    )
    await poll(server, `${apps}/deployments/free`, rolledOut)
    note('they come back elsewhere', {
      here: (await there()).filter((p) => p.metadata.labels?.app === 'free').length,
      all: (await server.admin('GET', `${ns}/pods?labelSelector=app%3Dfree`)).body.items.length,
    })
    note('evict the bare pod', { status: (await evict('bare')).status })
    await poll(server, `${ns}/pods/bare`, (r) => r.status === 404)
    note('it is gone for good', { status: (await server.admin('GET', `${ns}/pods/bare`)).status })
    // Pods that may run only here: the first goes, its successor waits, and the budget holds the second for ever.
    const [one, two] = at.filter((p) => p.metadata.labels?.app === 'bound').map((p) => p.metadata.name)
    note('evict one of two that may run only here', { status: (await evict(one)).status })
    await poll(server, `${ns}/pods/${one}`, (r) => r.status === 404)
    await poll(server, `${ns}/pods?labelSelector=app%3Dbound`, (r) =>
      r.body.items.some((p) => !p.spec.nodeName && p.status.conditions?.some((c) => c.reason === 'Unschedulable')),
    )
    const blocked = await poll(
      server,
      `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/bound`,
      (r) => r.body.status?.currentHealthy === 1 && r.body.status.disruptionsAllowed === 0,
    )
    note('its budget', { ...blocked.body.status, conditions: blocked.body.status.conditions.map((c) => [c.type, c.status, c.reason]) })
    note('the second is refused', renamed({ [two]: '<pod>' }, await evict(two)))
    await server.sleep(1500)
    note('and is refused still', renamed({ [two]: '<pod>' }, await evict(two)))
    const [waits] = (await server.admin('GET', `${ns}/pods?labelSelector=app%3Dbound&fieldSelector=status.phase%3DPending`)).body.items
    note(
      'why its successor waits',
      renamed(
        { [node]: '<node>' },
        { conditions: waits.status.conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message })) },
      ),
    )
    note('evict the daemon’s pod', { status: (await evict(daemon.metadata.name)).status })
    await poll(server, `${ns}/pods/${daemon.metadata.name}`, (r) => r.status === 404)
    await poll(server, `${apps}/daemonsets/agent`, (r) => r.body.status.numberAvailable === 3)
    note('another comes on the cordoned node', { kinds: kinds(await there()) })
    const stream = await server.admin('GET', `${ns}/pods?watch=1&resourceVersion=${from}&timeoutSeconds=1`)
    const order = (name) =>
      stream.body
        .filter((e) => e.object.metadata.name === name)
        .map((e) => (e.type === 'DELETED' ? 'deleted' : e.object.metadata.deletionTimestamp ? 'going' : 'changed'))
    const first = (list) => list.filter((x, i) => x !== list[i - 1])
    note('an evicted pod, as a watch tells it', {
      bare: first(order('bare')),
      condition: stream.body.some(
        (e) =>
          e.object.metadata.name === 'bare' &&
          e.object.status.conditions?.some((c) => c.type === 'DisruptionTarget' && c.reason === 'EvictionByEvictionAPI'),
      ),
    })
    note('events of the pods', {
      reasons: [
        ...new Set(
          (await server.admin('GET', `${ns}/events`)).body.items
            .filter((e) => e.involvedObject.kind === 'Pod')
            .map((e) => `${e.type} ${e.reason}`),
        ),
      ]
        .filter((r) => /Scheduled|FailedScheduling/.test(r))
        .sort(),
    })
  } finally {
    await server.admin('PATCH', path, { type: strategic, body: { spec: { unschedulable: null } } })
  }
}
