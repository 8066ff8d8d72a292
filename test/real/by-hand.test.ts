import { spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { handLines, scriptOf } from '../../src/lib/plan/by-hand.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import { type AnyProcedure, procedures } from '../../src/lib/procedures/index.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { contextOf } from '../support/context.ts'
import { nextImage, observeMigrations } from '../support/migration-worlds.ts'
import { runOf } from '../support/run-of.ts'
import { scratchServers, useSandbox, worlds } from '../support/worlds.ts'

const sandbox = useSandbox()

/** Somebody who has looked, and found everything to be so. */
const looked = 'see() { :; }'

const typed = (lines: readonly string[]): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', lines.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 100_000 })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.on('close', (code) => resolve({ code, said }))
  })

interface Case {
  readonly id: keyof typeof procedures
  readonly world: keyof typeof worlds
  readonly input: (values: Readonly<Record<string, string>>) => Record<string, unknown>
  /** Values and objects; no revisions, times or pods. */
  readonly observe: (sandbox: Sandbox) => unknown
}

const configMap = ({ kubernetes }: Sandbox) =>
  kubernetes.client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.['data']
const records = ({ cloudflare }: Sandbox) =>
  cloudflare.state.records
    .map(({ name, type, content, proxied, comment }) => ({ name, type, content, proxied, comment }))
    .sort((a, b) => `${a.name}${a.content}`.localeCompare(`${b.name}${b.content}`))
const sourceFile = ({ environment }: Sandbox) => readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')

const rules = ({ nodes: { node } }: Sandbox) =>
  nodes.map(({ alias }) => ['ufw/rules4', 'ufw/rules6'].map((file) => node(alias).state.read(file).split('\n').sort()))
const replicas = ({ kubernetes }: Sandbox) =>
  kubernetes.client
    .list({ group: 'apps', resource: 'deployments' }, { namespace })
    .map(({ metadata, spec }) => [
      metadata.name,
      (spec as { replicas?: number }).replicas,
      (spec as { paused?: boolean }).paused,
      metadata.annotations?.['honeydue.dev/replicas'],
    ])
/** Keys and serial numbers are new every time: by their part in the rotation. */
const pair = ({ environment, kubernetes, originCa, cloudflare }: Sandbox) => {
  const file = (name: string) => join(environment.checkout, 'deploy-k3s/secrets', `cloudflare-origin.${name}`)
  const text = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim() : undefined)
  const secret = kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (secret?.['data'] ?? {}) as Record<string, string>
  const live = Buffer.from(data['tls.crt'] ?? '', 'base64')
    .toString()
    .trim()
  const first = originCa.first.certificate.trim()
  const fits = (key: string | undefined, certificate: string | undefined) =>
    key !== undefined && certificate !== undefined && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  return {
    files: ['crt', 'key', 'new.key', 'new.csr', 'new.crt', 'old.crt', 'old.key'].map((name) =>
      existsSync(file(name)) ? `${name} ${(statSync(file(name)).mode & 0o777).toString(8)}` : '',
    ),
    fits: [fits(text('key'), text('crt')), fits(text('old.key'), text('old.crt'))],
    live: live === first ? 'first' : live === text('crt') ? 'the new one' : 'another',
    keyInSecret:
      Buffer.from(data['tls.key'] ?? '', 'base64')
        .toString()
        .trim() === text('key'),
    noted: secret?.metadata.annotations?.['honeydue.dev/last-rotated'] !== undefined,
    valid: cloudflare.state.certificates.filter(({ revokedAt }) => revokedAt === undefined).length,
  }
}

const rotation = { validity: '90', soak: 0, 'newer-than': 86_400_000 }

const cases: readonly Case[] = [
  { id: 'db:switch-host', world: 'healthy', input: () => ({ to: 'direct' }), observe: (one) => [configMap(one), sourceFile(one)] },
  { id: 'edge:drain', world: 'healthy', input: () => ({ node: 'hetzner2', within: 300_000 }), observe: records },
  { id: 'edge:restore', world: 'hetzner2 drained', input: () => ({ node: 'hetzner2' }), observe: records },
  {
    id: 'firewall:refresh',
    world: 'one range new and one gone',
    input: () => ({ node: [] }),
    observe: rules,
  },
  {
    id: 'db:unlock',
    world: 'a lock stranded in the pooler',
    input: ({ PID }) => ({ pid: PID }),
    observe: ({ postgres }) => postgres.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
  },
  {
    id: 'edge:purge',
    world: 'healthy',
    input: () => ({ url: [], host: ['api.myhoneydue.com'], everything: false }),
    observe: ({ cloudflare }) => cloudflare.state.purged,
  },
  { id: 'deploy:scale', world: 'healthy', input: () => ({ workload: 'api', replicas: '4' }), observe: replicas },
  { id: 'deploy:scale', world: 'healthy', input: () => ({ workload: 'admin', replicas: '0' }), observe: replicas },
  { id: 'deploy:pause', world: 'healthy', input: () => ({ workload: 'api' }), observe: replicas },
  { id: 'cert:rotate', world: 'the first certificate still in use', input: () => ({ ...rotation, 'keep-old': true }), observe: pair },
  { id: 'cert:rotate', world: 'the first certificate still in use', input: () => ({ ...rotation, 'keep-old': false }), observe: pair },
  { id: 'db:migrate', world: 'two files pending', input: () => ({ image: nextImage, rehearse: false }), observe: observeMigrations },
  {
    id: 'db:recover-migration',
    world: 'a Job killed without a transaction, after its statement',
    input: () => ({ image: nextImage, way: 'mark' }),
    observe: observeMigrations,
  },
]

describe.each(cases)('law 9: by hand, $id comes to the same end as its run, from "$world"', ({ id, world, input, observe }) => {
  test('typed into a shell', async () => {
    const procedure: AnyProcedure = await procedures[id]()
    const planned = async () => {
      await sandbox().reset()
      const values = (await worlds[world](sandbox())) ?? {}
      const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal, async () =>
        scratchServer({ servers: scratchServers }),
      )
      return {
        systems,
        prepared: await prepare(procedure, input(values as Readonly<Record<string, string>>), systems, contextOf(sandbox().environment)),
      }
    }
    const run = await planned()
    expect(run.prepared.plan.blocked).toEqual([])
    expect((await perform(run.prepared, runOf(run.systems, procedure.needs))).trouble).toBeUndefined()
    const end = await observe(sandbox())
    await run.systems.close()

    const hand = await planned()
    const before = await observe(sandbox())
    const released = handLines(hand.prepared.plan).map((line) => ({ ...line, kind: line.kind === 'held' ? ('line' as const) : line.kind }))
    const { code, said } = await typed(scriptOf(released).map((line) => (line.startsWith('see() ') ? looked : line)))
    await hand.systems.close()
    expect(code, said).toBe(0)
    expect(before).not.toEqual(end)
    // A session that was told to end is gone a moment later.
    await expect.poll(() => observe(sandbox()), { timeout: 5_000 }).toEqual(end)
  }, 120_000)
})
