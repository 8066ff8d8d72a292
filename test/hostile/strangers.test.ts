import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { count } from './points.ts'

const run = promisify(execFile)
let sandbox: Sandbox
let place: string
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'honeydue-stranger-'))
  sandbox = await startSandbox({ postgres: true })
})
afterAll(async () => {
  await sandbox?.stop()
  rmSync(place, { recursive: true, force: true })
})

/** What used to stand in the source, and what people try. */
const guesses = [
  '',
  'wrong',
  'postgres',
  'honeydue',
  'PLANTED-postgres-4b1f',
  'PLANTED-redis-58aa',
  'PLANTED-cloudflare-token-b82c41f0d96e7a35',
  'PLANTED-registry-pat-6f12',
]

const statusOf = (url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, rejectUnauthorized: false, timeout: 5000 }, (answer) =>
      resolve(answer.resume().statusCode ?? 0),
    )
    asked.on('error', reject).on('timeout', () => asked.destroy(new Error('no answer')))
    asked.end()
  })

const said = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('error', reject)
    socket.once('data', (chunk) => {
      resolve(String(chunk))
      socket.destroy()
    })
  })

test('F0: who has none of the sandbox’s secrets gets into nothing, whatever he guesses', async ({ task }) => {
  const { urls, kubernetes, redis, registry, postgres, nodes } = sandbox
  const inside: string[] = []
  let tried = 0
  const attempt = async (what: string, gotIn: () => Promise<boolean>) => {
    tried++
    if (await gotIn()) inside.push(what)
  }
  const refused = (status: number) => status === 401 || status === 403 || status === 400
  const api = `https://127.0.0.1:${kubernetes.port}`
  for (const path of ['/api/v1/secrets', '/api/v1/namespaces/honeydue/pods', '/api/v1/namespaces/honeydue/pods/x/exec?command=id'])
    for (const headers of [
      {},
      { 'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters' },
      ...guesses.map((guess) => ({ authorization: `Bearer ${guess || 'x'}` })),
    ])
      await attempt(
        `Kubernetes ${path} ${JSON.stringify(headers)}`,
        async () => !refused(await statusOf(api + path, headers as Record<string, string>)),
      )
  for (const guess of guesses)
    for (const words of [`AUTH ${guess || '""'}\r\n`, `AUTH default ${guess || '""'}\r\n`, 'KEYS *\r\n', 'CONFIG GET requirepass\r\n'])
      await attempt(`Redis ${words.trim()}`, async () => !(await said(redis.port, words)).startsWith('-'))
  for (const user of ['cloud_admin', 'neondb_owner', 'postgres'])
    for (const host of [postgres.directHost, postgres.poolerHost])
      for (const password of guesses)
        await attempt(`PostgreSQL ${host} ${user} "${password}"`, async () => {
          const client = new Client({
            host: '127.0.0.1',
            port: postgres.port,
            user,
            database: postgres.database,
            password,
            ssl: { ca: postgres.ca, servername: host },
          })
          client.on('error', () => {})
          const got = await client.connect().then(
            () => true,
            () => false,
          )
          await client.end().catch(() => {})
          return got
        })
  for (const guess of guesses)
    for (const path of ['/zones', '/user/tokens/verify'])
      await attempt(
        `Cloudflare ${path} "${guess}"`,
        async () => !refused(await statusOf(urls.cloudflare + path, { authorization: `Bearer ${guess}` })),
      )
  for (const guess of guesses)
    await attempt(
      `registry "${guess}"`,
      async () =>
        !refused(
          await statusOf(`https://127.0.0.1:${registry.port}/v2/admin/honeydue-api/tags/list`, {
            authorization: `Basic ${Buffer.from(`admin:${guess}`).toString('base64')}`,
          }),
        ),
    )
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(place, 'key')])
  const keyOnly = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ].flatMap((one) => ['-o', one])
  for (const { alias, port } of nodes.nodes)
    for (const user of ['root', 'nobody', 'honeydue'])
      await attempt(`SSH ${user}@${alias}`, () =>
        run('ssh', ['-F', 'none', ...keyOnly, '-i', join(place, 'key'), '-p', String(port), `${user}@127.0.0.1`, 'true']).then(
          () => true,
          () => false,
        ),
      )
  count(task.meta, { of: 'ways into a running sandbox without its secrets', tried, lost: inside })
})

test.runIf(process.getuid?.() === 0)('F21: another user of this machine reads no file of it', async ({ task }) => {
  const lost: string[] = []
  let tried = 0
  const files = readdirSync(sandbox.dir, { recursive: true, encoding: 'utf8' }).filter((file) => !file.startsWith('checkout/.git/'))
  for (const file of ['.', ...files]) {
    tried++
    // Any user but root and the one that PostgreSQL runs as for root.
    const got = await run('/bin/sh', ['-c', 'ls "$1" || cat "$1"', 'sh', join(sandbox.dir, file)], { uid: 2, gid: 2 }).then(
      () => true,
      () => false,
    )
    if (got) lost.push(file)
  }
  count(task.meta, { of: 'files of a running sandbox, read by another user', tried, lost })
})
