import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { hosts, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { patient } from '../../support/migrations.ts'
import { ask, type Case, done, said } from './say.ts'
import { type Deployment, honeydue, overlay, rotate, typed } from './world.ts'

const pods = { group: '', resource: 'pods' }
const configMaps = { group: '', resource: 'configmaps' }

const hostOf = ({ sandbox }: Deployment): unknown => {
  const data = sandbox.kubernetes.client.get(configMaps, 'honeydue-config', namespace)?.data as Readonly<Record<string, string>> | undefined
  return Object.entries(hosts).find(([, host]) => host === data?.['DB_HOST'])?.[0]
}
const apiPods = ({ sandbox }: Deployment) =>
  sandbox.kubernetes.client.list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'api' } })
const sourceOf = ({ sandbox }: Deployment): string => readFileSync(join(sandbox.environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')

/** Whether the act left the ConfigMap, its source and the pods as they were. */
const untouched = async (world: Deployment, act: () => Promise<unknown>) => {
  const look = () => JSON.stringify([hostOf(world), sourceOf(world), apiPods(world).map(({ metadata }) => metadata.name)])
  const before = look()
  const gave = await act()
  return { gave, untouched: look() === before }
}

/** The endpoint that each pod opened its connections to, by its own words. */
const startedWith = async ({ sandbox }: Deployment): Promise<readonly string[]> => {
  const systems = openSystems(sandbox.environment, systemClock, new AbortController().signal)
  try {
    const all = sandbox.kubernetes.client.list(pods, { namespace })
    const speaking = all.filter(({ metadata }) => ['api', 'worker'].includes(metadata.labels?.['app.kubernetes.io/name'] ?? ''))
    const said = await Promise.all(
      speaking.map(async ({ metadata }) => {
        const lines = (await systems.kube.read.log({ namespace, pod: metadata.name })).join('\n')
        const [, host] = /database host (\S+)[\s\S]*pool warmed up/.exec(lines) ?? []
        return `${metadata.labels?.['app.kubernetes.io/name']} ${host === hosts.direct ? 'direct' : host}`
      }),
    )
    return said.sort()
  } finally {
    await systems.close()
  }
}

const notThePassword =
  '"password authentication failed for user "neondb_owner"" (28P01): the password in the live Secret is not the one of the role'
const refusedBy = (host: string) => `${host} refuses the login of neondb_owner: ${notThePassword}`
const away = 'hetzner2 cannot be reached at PLACE: nothing listens there: the node or its SSH server is down'
const mayNot = (reason: string) => ({
  gave: { code: 3, error: 'checks-failed', details: [`the direct endpoint does not answer: ${reason}`] },
  untouched: true,
})

const direct = ['db:switch-host', '--to', 'direct'] as const

const statusCases: readonly Case[] = [
  {
    name: 'db:status: every place agrees, from here and from each node',
    expected: { code: 0, findings: [] },
    give: async (world) => said(await ask(world, 'db:status')),
  },
  {
    name: 'db:status: one node is down, and the password of the role is another',
    expected: {
      code: 3,
      findings: [
        `The pooler endpoint, which is in use, does not answer from here: ${hosts.pooler} refuses the login of neondb_owner: "SASL authentication failed" (08P01)`,
        `From hetzner2 to the pooler: ${away}`,
        `The direct endpoint does not answer from here: ${refusedBy(hosts.direct)}`,
        `From hetzner2 to the direct: ${away}`,
        `Its connections cannot be read: ${refusedBy(hosts.direct)}`,
      ],
    },
    give: async (world) => {
      await world.ssh.down('hetzner2')
      rotate(world, 'POSTGRES_PASSWORD', 'another')
      return said(await ask(world, 'db:status'))
    },
  },
  {
    name: 'db:psql: read-only, five seconds for a lock, on the direct host',
    expected: { code: 0, stdout: 'on|5s|honeydue-psql\n' },
    give: async (world) => {
      const asked =
        "\\pset format unaligned\n\\t\nSELECT current_setting('transaction_read_only'), current_setting('lock_timeout'), current_setting('application_name');\n"
      const { code, stdout } = await typed(world.environmentFile, ['db:psql'], `\\set QUIET 1\n${asked}`)
      return { code, stdout }
    },
  },
  {
    name: 'db:psql: a statement that would write is refused',
    expected: 'ERROR:  cannot execute DELETE in a read-only transaction',
    give: async (world) => (await typed(world.environmentFile, ['db:psql'], 'DELETE FROM tasks;\n')).stderr.split('\n').at(-2),
  },
  {
    name: 'db:psql: the password of the role is another',
    expected: { code: 9, stdout: '', cause: notThePassword },
    give: async (world) => {
      rotate(world, 'POSTGRES_PASSWORD', 'another')
      const { code, stdout, stderr } = await typed(world.environmentFile, ['db:psql'])
      return { code, stdout, cause: /^cause +(.*(?:\n +.*)*)$/m.exec(stderr)?.[1]?.replace(/\n +/g, ' ') }
    },
  },
]

const switchCases: readonly Case[] = [
  {
    name: 'db:switch-host: to direct, and every pod connects there',
    expected: {
      code: 0,
      states: 'done done done done done done proven',
      host: 'direct',
      pods: ['api direct', 'api direct', 'api direct', 'worker direct'],
      again: { code: 0, states: 'already already already already already already proven' },
    },
    give: async (world) => {
      const to = [...direct, '--confirm', hosts.direct] as const
      const ended = done(await ask(world, ...to))
      return { ...ended, host: hostOf(world), pods: await startedWith(world), again: done(await ask(world, ...to)) }
    },
  },
  {
    name: 'db:switch-host: a dry run changes nothing',
    expected: { gave: { code: 0 }, untouched: true },
    give: (world) => untouched(world, async () => done(await ask(world, ...direct, '--dry-run'))),
  },
  {
    name: 'db:switch-host: the target refuses the credentials',
    expected: mayNot(refusedBy(hosts.direct)),
    give: (world) =>
      untouched(world, async () => {
        rotate(world, 'POSTGRES_PASSWORD', 'another')
        return done(await ask(world, ...direct, '--confirm', hosts.direct))
      }),
  },
  {
    name: 'db:switch-host: nothing listens where the target should be',
    expected: mayNot(`${hosts.direct} does not answer: Nothing listens on its port`),
    give: (world) =>
      untouched(world, async () => {
        const file = overlay(world.environmentFile, 'away.yaml', ({ hostaddr }) => ({
          hostaddr: { ...(hostaddr as object), [hosts.direct]: '127.0.0.1:1' },
        }))
        return done(await honeydue(file, ...direct, '--confirm', `sandbox/${hosts.direct}`))
      }),
  },
]

/** Settled pods have no log of their start: these are started anew. */
const restartApi = async (world: Deployment): Promise<void> => {
  const { client } = world.sandbox.kubernetes
  for (const { metadata } of apiPods(world)) client.delete(pods, metadata.name, namespace, { gracePeriodSeconds: 0 })
  const ready = (pod: KubeObject) =>
    ((pod.status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }).conditions ?? []).some(
      ({ type, status: is }) => type === 'Ready' && is === 'True',
    )
  await expect.poll(() => apiPods(world).filter(ready).length, patient).toBe(3)
}

/** Of each pod; how long the first request took is another finding, and this machine's. */
const ofPods = ({ code, findings }: ReturnType<typeof said>) => ({ code, pods: (findings ?? []).filter((text) => text.startsWith('api-')) })

const warmupCases: readonly Case[] = [
  {
    name: 'db:verify-warmup: each pod opened what it is to open',
    expected: { code: 0, pods: [] },
    give: async (world) => {
      await restartApi(world)
      return ofPods(said(await ask(world, 'db:verify-warmup')))
    },
  },
  {
    name: 'db:verify-warmup: another count than is expected',
    expected: { code: 3, pods: Array(3).fill('api-POD pinged 2 times at boot, not 3') },
    give: async (world) => {
      await restartApi(world)
      const file = overlay(world.environmentFile, 'more.yaml', ({ warmup }) => ({ warmup: { ...(warmup as object), pings: 3 } }))
      return ofPods(said(await honeydue(file, 'db:verify-warmup')))
    },
  },
]

/** db:status, db:psql, db:switch-host and db:verify-warmup. */
export const databaseCases: readonly Case[] = [...statusCases, ...switchCases, ...warmupCases]
