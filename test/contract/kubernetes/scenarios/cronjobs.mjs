// CronJobs, and a Job made from one by hand as `kubectl create job --from=cronjob/…` does.
import { merge, poll } from '../objects.mjs'
export default async ({ call, note, ns, server, namespace }) => {
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`
  const crons = `/apis/batch/v1/namespaces/${namespace}/cronjobs`
  const template = (annotations) => ({
    metadata: { labels: { app: 'backup' } },
    spec: {
      template: {
        metadata: { annotations: { 'honeydue.test/complete-after': '200ms', ...annotations } },
        spec: { restartPolicy: 'OnFailure', containers: [{ name: 'backup', image: 'registry.test/backup:1', args: ['pg_dump'] }] },
      },
    },
  })
  const cron = (name, extra = {}) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: { schedule: '0 3 1 1 *', suspend: true, jobTemplate: template(), ...extra },
  })
  const { body: made } = await call('create', 'POST', crons, { body: cron('backup') })
  for (const [title, extra, name = 'bad'] of [
    ['a schedule that is none', { schedule: 'daily at three' }],
    ['a schedule with a time zone inside', { schedule: 'TZ=Europe/Berlin 0 3 * * *' }],
    ['an unknown time zone', { timeZone: 'Europe/Nowhere' }],
    ['the local time zone', { timeZone: 'Local' }],
    ['an unknown concurrency', { concurrencyPolicy: 'Maybe' }],
    ['a history of less than none', { successfulJobsHistoryLimit: -1 }],
    ['a deadline of less than none', { startingDeadlineSeconds: -1 }],
    [
      'pods that always restart',
      { jobTemplate: { spec: { template: { spec: { restartPolicy: 'Always', containers: [{ name: 'a', image: 'a' }] } } } } },
    ],
    ['without a schedule', { schedule: undefined }],
    ['a name that is too long', {}, 'a'.repeat(53)],
  ])
    await call(title, 'POST', crons, { body: cron(name, extra) })
  await call('macros and a time zone, dry', 'POST', `${crons}?dryRun=All`, {
    body: cron('macro', { schedule: '@daily', timeZone: 'Europe/Berlin' }),
  })
  const from = (name) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      labels: made.spec.jobTemplate.metadata.labels,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: made.metadata.uid, controller: true }],
    },
    spec: made.spec.jobTemplate.spec,
  })
  const { status, body: job } = await server.admin('POST', `${jobs}?fieldManager=kubectl-create`, { body: from('backup-now') })
  note('a job from it', {
    status,
    metadata: { labels: job.metadata.labels, annotations: job.metadata.annotations, ownerReferences: job.metadata.ownerReferences },
    spec: job.spec,
  })
  const ended = await poll(server, `${jobs}/backup-now`, (r) => r.body.status?.conditions?.some((c) => c.type === 'Complete'))
  note('it completes', {
    succeeded: ended.body.status.succeeded,
    conditions: ended.body.status.conditions.map((c) => [c.type, c.status, c.reason ?? null]),
  })
  const [one] = (await server.admin('GET', `${ns}/pods?labelSelector=job-name%3Dbackup-now`)).body.items
  note('its pod', { labels: one.metadata.labels, restartPolicy: one.spec.restartPolicy })
  const events = await poll(server, `${ns}/events?fieldSelector=involvedObject.kind%3DCronJob`, (r) => r.body.items.length > 0)
  note('the cron job is surprised', { events: [...new Set(events.body.items.map((e) => `${e.type} ${e.reason}: ${e.message}`))].sort() })
  await poll(server, `${crons}/backup`, (r) => r.body.status?.lastSuccessfulTime)
  note('it is not active, and was not scheduled', { status: (await server.admin('GET', `${crons}/backup`)).body.status })
  await call('once more under the same name', 'POST', jobs, { body: from('backup-now') })
  await call('a job from it, dry', 'POST', `${jobs}?dryRun=All`, {
    body: { ...from('backup-dry'), spec: { ...from('x').spec, ttlSecondsAfterFinished: 60 } },
  }).then(() => {})
  await server.admin('POST', jobs, { body: from('backup-two') })
  await poll(server, `${jobs}/backup-two`, (r) => r.body.status?.conditions?.some((c) => c.type === 'Complete'))
  note('suspended: history is kept by its limit all the same?', {
    limit: made.spec.successfulJobsHistoryLimit,
    jobs: (await server.admin('GET', jobs)).body.items.map((j) => j.metadata.name),
  })
  await call('resume', 'PATCH', `${crons}/backup`, { type: merge, body: { spec: { suspend: false } } }).then(() => {})
  await call('another schedule', 'PATCH', `${crons}/backup`, {
    type: merge,
    body: { spec: { schedule: '30 4 1 1 *', suspend: true } },
  }).then(() => {})
  note(
    'as a table: columns',
    (({ status, body }) => ({ status, columns: body.columnDefinitions.map((c) => [c.name, c.priority]) }))(
      await server.admin('GET', crons, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }),
    ),
  )
  await call('a suspended job', 'POST', jobs, {
    body: { ...from('later'), metadata: { name: 'later' }, spec: { ...from('x').spec, suspend: true } },
  }).then(() => {})
  note(
    'has no pods',
    (({ body }) => ({
      conditions: body.status.conditions?.map((c) => [c.type, c.status, c.reason]),
      active: body.status.active ?? null,
      started: body.status.startTime !== undefined,
    }))(await poll(server, `${jobs}/later`, (r) => r.body.status?.conditions?.length > 0)),
  )
  const removed = await server.admin('DELETE', `${crons}/backup?propagationPolicy=Background`)
  note('delete in the background', { status: removed.status, kind: removed.body.kind, result: removed.body.status })
  await poll(server, jobs, (r) => r.body.items.every((j) => j.metadata.name === 'later'))
  note('the jobs that it owns go too', { left: (await server.admin('GET', jobs)).body.items.map((j) => j.metadata.name) })
}
