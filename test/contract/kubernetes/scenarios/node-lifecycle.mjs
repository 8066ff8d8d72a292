// A node that a client plays: it reports, falls silent, is tainted, loses its pods, and comes back. Takes about two minutes.
import { conditions, merge, pod, poll, renamed, strategic } from '../objects.mjs'
export default async ({ call, note, ns, server, namespace }) => {
  const node = `${namespace}-node`
  const path = `/api/v1/nodes/${node}`
  const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases`
  const hide = (value) => renamed({ [node]: '<node>' }, value)
  const now = () => new Date().toISOString()
  const taints = (r) =>
    (r.body.spec.taints ?? [])
      .map(({ timeAdded, ...t }) => ({ ...t, timed: timeAdded !== undefined }))
      .sort((a, b) => (`${a.key}${a.effect}` < `${b.key}${b.effect}` ? -1 : 1))
  const has = (r, key, effect) => (r.body.spec.taints ?? []).some((t) => t.key === key && t.effect === effect)
  const clean = async () => {
    for (const name of ['stays', 'goes', 'waits']) await server.admin('DELETE', `${ns}/pods/${name}?gracePeriodSeconds=0`)
    await server.admin('DELETE', `${lease}/${node}`)
    await server.admin('DELETE', path)
  }
  const ready = (status, reason, message) => ({
    status: {
      conditions: [{ type: 'Ready', status, reason, message, lastHeartbeatTime: now(), lastTransitionTime: now() }],
      addresses: [{ type: 'Hostname', address: node }],
      allocatable: { cpu: '2', memory: '4Gi', pods: '10' },
      capacity: { cpu: '2', memory: '4Gi', pods: '10' },
    },
  })
  await clean()
  await server.admin('DELETE', `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${node}`)
  try {
    note(
      'register a node',
      hide(
        (({ status, body }) => ({
          status,
          kind: body.kind,
          taints: body.spec?.taints ?? null,
          spec: { ...body.spec, taints: undefined, podCIDR: undefined, podCIDRs: undefined },
          message: body.message,
        }))(
          await server.admin('POST', '/api/v1/nodes', {
            body: { metadata: { name: node, labels: { 'honeydue.test/unmanaged': 'true', 'kubernetes.io/hostname': node } } },
          }),
        ),
      ),
    )
    note('once more', hide(await server.admin('POST', '/api/v1/nodes', { body: { metadata: { name: node } } })))
    note('it has no condition yet: the taint of its birth goes', {
      taints: taints(await poll(server, path, (r) => !(r.body.spec.taints ?? []).length)),
    })
    const beat = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: node },
      spec: { holderIdentity: node, leaseDurationSeconds: 40, renewTime: now().replace('Z', '000Z') },
    }
    await server.admin('POST', lease, { body: beat })
    note(
      'it reports',
      hide(
        (({ status, body }) => ({
          status,
          conditions: conditions(body.status.conditions, 'reason', 'message'),
          allocatable: body.status.allocatable,
        }))(
          await server.admin('PATCH', `${path}/status?fieldManager=kubelet`, {
            type: strategic,
            body: ready('True', 'KubeletReady', 'kubelet is posting ready status'),
          }),
        ),
      ),
    )
    note('the taints go', { taints: taints(await poll(server, path, (r) => !(r.body.spec.taints ?? []).length)) })
    note(
      'a status sent to the node itself is ignored',
      hide(
        (({ status, body }) => ({ status, conditions: conditions(body.status.conditions, 'reason') }))(
          await server.admin('PATCH', path, { type: merge, body: { status: { phase: 'Terminated', conditions: [] } } }),
        ),
      ),
    )
    const tolerate = (seconds) =>
      ['not-ready', 'unreachable'].map((t) => ({
        key: `node.kubernetes.io/${t}`,
        operator: 'Exists',
        effect: 'NoExecute',
        ...(seconds === undefined ? {} : { tolerationSeconds: seconds }),
      }))
    const there = { nodeSelector: { 'kubernetes.io/hostname': node } }
    await call('', 'POST', `${ns}/pods`, { body: pod('stays', { ...there, tolerations: tolerate() }) })
    await call('', 'POST', `${ns}/pods`, { body: pod('goes', { ...there, tolerations: tolerate(1) }) })
    await call('', 'POST', `${ns}/pods`, { body: pod('waits', there) })
    for (const name of ['stays', 'goes', 'waits']) await poll(server, `${ns}/pods/${name}`, (r) => r.body.spec.nodeName)
    note('the tolerations that a pod gets unasked', { tolerations: (await server.admin('GET', `${ns}/pods/waits`)).body.spec.tolerations })
    for (const name of ['stays', 'goes', 'waits'])
      await server.admin('PATCH', `${ns}/pods/${name}/status`, {
        type: strategic,
        body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now() }] } },
      })
    // It says that it is not well.
    await server.admin('PATCH', `${path}/status`, { type: strategic, body: ready('False', 'KubeletNotReady', 'container runtime is down') })
    note('not ready by its own word', {
      taints: taints(
        await poll(
          server,
          path,
          (r) => has(r, 'node.kubernetes.io/not-ready', 'NoExecute') && has(r, 'node.kubernetes.io/not-ready', 'NoSchedule'),
        ),
      ),
    })
    const going = await poll(server, `${ns}/pods/goes`, (r) => r.body.metadata.deletionTimestamp)
    note('a pod that tolerates it for a second goes', {
      grace: going.body.metadata.deletionGracePeriodSeconds,
      conditions: conditions(
        going.body.status.conditions.filter((c) => c.type === 'DisruptionTarget'),
        'reason',
        'message',
      ),
    })
    const stays = (await server.admin('GET', `${ns}/pods/stays`)).body
    note('one that tolerates it stays, ready as far as it said', {
      deleting: stays.metadata.deletionTimestamp !== undefined,
      conditions: conditions(
        stays.status.conditions.filter((c) => c.type === 'Ready'),
        'reason',
      ),
    })
    await server.admin('DELETE', `${ns}/pods/goes?gracePeriodSeconds=0`)
    await server.admin('PATCH', `${path}/status`, {
      type: strategic,
      body: ready('True', 'KubeletReady', 'kubelet is posting ready status'),
    })
    note('well again', { taints: taints(await poll(server, path, (r) => !(r.body.spec.taints ?? []).length)) })
    // It falls silent: neither its status nor its lease is renewed.
    const silent = await poll(server, path, (r) => r.body.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'Unknown'), 90)
    note('silent for too long', { conditions: conditions(silent.body.status.conditions, 'reason', 'message') })
    note('is unreachable', {
      taints: taints(
        await poll(
          server,
          path,
          (r) => has(r, 'node.kubernetes.io/unreachable', 'NoExecute') && has(r, 'node.kubernetes.io/unreachable', 'NoSchedule'),
        ),
      ),
    })
    note('its pods count as unready', {
      conditions: conditions(
        (
          await poll(server, `${ns}/pods/stays`, (r) => r.body.status.conditions.some((c) => c.type === 'Ready' && c.status === 'False'))
        ).body.status.conditions.filter((c) => c.type === 'Ready'),
        'reason',
      ),
    })
    note('one that tolerates it for five minutes is not gone yet', {
      deleting: (await server.admin('GET', `${ns}/pods/waits`)).body.metadata.deletionTimestamp !== undefined,
    })
    const events = await poll(server, `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${node}`, (r) =>
      r.body.items.some((e) => e.reason === 'NodeNotReady'),
    )
    note('its events', {
      events: [
        ...new Set(
          events.body.items
            .filter((e) => e.reason !== 'RemovingNode')
            .map((e) => hide(`${e.type} ${e.reason}: ${e.message} (${e.source.component})`)),
        ),
      ]
        .map((t) => t.replace(/event: (\w+)Node.*/, 'event: …'))
        .sort(),
    })
    // It renews its lease and its status: it is back.
    const { body: held } = await server.admin('GET', `${lease}/${node}`)
    note('renews its lease', {
      status: (
        await server.admin('PUT', `${lease}/${node}`, { body: { ...held, spec: { ...held.spec, renewTime: now().replace('Z', '000Z') } } })
      ).status,
    })
    await server.admin('PATCH', `${path}/status`, {
      type: strategic,
      body: ready('True', 'KubeletReady', 'kubelet is posting ready status'),
    })
    note('back', { taints: taints(await poll(server, path, (r) => !(r.body.spec.taints ?? []).length)) })
    const deleted = await server.admin('DELETE', path)
    note('deleted', hide({ status: deleted.status, kind: deleted.body.kind, result: deleted.body.status, details: deleted.body.details }))
  } finally {
    await clean()
  }
}
