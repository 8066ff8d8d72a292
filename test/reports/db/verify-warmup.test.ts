import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import type { View } from '../../../src/lib/plan/report.ts'
import { verifyWarmup } from '../../../src/lib/reports/db/verify-warmup.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, warmupPings: 20 })

const settings = { file: '/home/op/config.yaml', under: 'environments.staging' }
const look = async (warmup: Partial<Environment['warmup']> = {}): Promise<View> => {
  const signal = new AbortController().signal
  const environment = { ...sandbox().environment, warmup: { ...sandbox().environment.warmup, ...warmup } }
  const systems = openSystems(environment, systemClock, signal)
  try {
    return await verifyWarmup.look(
      {},
      { kube: systems.kube.read, http: systems.http.read },
      { environment, settings, clock: systemClock, signal },
    )
  } finally {
    await systems.close()
  }
}
/** Settled pods have no log of their start: these are started anew. */
const restartApi = async () => {
  const { client } = sandbox().kubernetes
  for (const { metadata } of client.list(
    { group: '', resource: 'pods' },
    { namespace: 'honeydue', labels: { 'app.kubernetes.io/name': 'api' } },
  ))
    client.delete({ group: '', resource: 'pods' }, metadata.name, 'honeydue', { gracePeriodSeconds: 0 })
  await expect.poll(async () => (await look()).tables[0]?.rows.filter(([, ready]) => ready === 'yes').length, { timeout: 20_000 }).toBe(3)
}

test('each pod: pings and how long they took, against what is expected; a first request beside the next ones', async () => {
  await restartApi()
  const view = await look()
  expect(view.findings.filter(({ level }) => level === 'wrong')).toEqual([])
  expect(view.tables[0]?.rows.map((row) => row[3])).toEqual(['20', '20', '20'])
  expect(view.tables.at(-1)).toMatchObject({ title: 'Requests one after the other' })
  const more = await look({ pings: 25 })
  expect(more.findings.map(({ text }) => text).filter((text) => text.startsWith('api-'))).toEqual(
    Array(3).fill(expect.stringMatching(/^api-\S+ pinged 20 times at boot, not 25$/)),
  )
  const none = await look({ pattern: undefined })
  expect(none.findings[0]).toMatchObject({
    level: 'warning',
    text: expect.stringContaining(
      'Set environments.staging.warmup.pattern in /home/op/config.yaml to a regular expression that finds one of the',
    ),
  })
  expect(none.tables[1]?.rows.flat().join('\n')).toContain('database pool warmed up')
  const other = await look({ pattern: 'no such line' })
  // A busy machine may be slow at the first request, which is a finding of its own.
  expect(other.findings.map(({ text }) => text).filter((text) => text.startsWith('api-'))).toEqual(
    Array(3).fill(expect.stringMatching(/has no warm-up line/)),
  )
})

test('a pattern that is none, an API that is away, a health endpoint that does not answer well', async () => {
  await expect(look({ pattern: '(' })).rejects.toMatchObject({ code: 'warmup-pattern' })
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'api', 'honeydue', (draft) => {
    ;(draft.spec as { replicas: number }).replicas = 0
  })
  await expect
    .poll(async () => (await look()).findings.map(({ text }) => text), { timeout: 20_000 })
    .toEqual(['No pod of Deployment honeydue/api is there', 'The health endpoint answers 503'])
  sandbox().kubernetes.fail({ answer: 'reset' })
  await expect(look()).rejects.toMatchObject({ code: 'kube-unreachable' })
})
