import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { allOf, count, full, inTurn } from './points.ts'

let sandbox: Sandbox
let home: string
beforeAll(async () => {
  requireBuild()
  home = mkdtempSync(join(tmpdir(), 'honeydue-secrets-'))
  sandbox = await startSandbox({ postgres: true })
})
afterAll(async () => {
  await sandbox?.stop()
  rmSync(home, { recursive: true, force: true })
})

const commands = [
  'nodes:status',
  'cluster:health',
  'cache:status',
  'cert:status',
  'db:status',
  'db:migrations',
  'edge:status',
  'firewall:status',
  'secrets:status',
  'secrets:lost --holder hetzner2',
  'secrets:sync --by-hand',
  'secrets:rotate POSTGRES_PASSWORD --by-hand',
  'doctor',
  'config:explain',
  'cache:invalidate --user 7 --by-hand',
  'cache:invalidate --user 7',
  'cert:rotate --by-hand',
  'db:switch-host --to direct --by-hand',
  'edge:drain hetzner2 --by-hand',
  'firewall:refresh --by-hand',
  'db:migrate --by-hand',
  'deploy:restart api --by-hand',
  'edge:purge --host api.myhoneydue.com --by-hand',
]
const surroundings: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  plain: {},
  'DEBUG=*': { DEBUG: '*' },
  'NODE_DEBUG=http,https,tls,net,http2': { NODE_DEBUG: 'http,https,tls,net,http2' },
  'NODE_TLS_REJECT_UNAUTHORIZED=0': { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
}

test.for(Object.entries(surroundings))('F17: %s: no secret in any output', async ([name, env], { task }) => {
  // As text and as JSON in turn; in odd surroundings each fourth of all, another one in each.
  const all = commands.flatMap((command) => [command, `${command} --json`])
  const turn = Object.keys(surroundings).indexOf(name)
  const lines = name === 'plain' ? all.filter((_, i) => full || i % 4 === 0 || i % 4 === 3) : inTurn(all, 4, turn)
  const lost = await allOf(lines, 3, async (line) => {
    const { stdout, stderr } = await honeydue([...line.split(' '), '--env', join(sandbox.dir, 'environment.yaml')], {
      home,
      env: { NO_COLOR: '1', ...env },
    })
    const found = plantedValues.filter((value) => (stdout + stderr).includes(value))
    const encoded = plantedValues.filter((value) => (stdout + stderr).includes(Buffer.from(value).toString('base64').slice(0, 20)))
    const key = /PRIVATE KEY/.test(stdout + stderr) ? ['a private key'] : []
    const warned = /NODE_TLS_REJECT_UNAUTHORIZED|\(node:\d+\)/.test(stderr) ? ['a warning of Node'] : []
    const seen = [...found, ...encoded, ...key, ...warned]
    return seen.length > 0 ? [`${line}: ${seen.length} (${seen[0]?.slice(0, 20)}…)`] : []
  })
  count(task.meta, { of: `outputs without a secret, ${name}`, tried: lines.length, outOf: all.length, lost: lost.flat() })
})

test('odd credentials and configurations: what is wrong is said, and the secret in it is not', async ({ task }) => {
  const lost: string[] = []
  const planted = 'S3CRET-of-the-operator'
  const kubeconfig = (user: string) => `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:${sandbox.kubernetes.port}", insecure-skip-tls-verify: true}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
users: [{name: u, user: ${user}}]
`
  const users = [
    `{token: ${planted}}`,
    `{username: a, password: ${planted}}`,
    `{client-certificate-data: ${Buffer.from(planted).toString('base64')}, client-key-data: ${Buffer.from(planted).toString('base64')}}`,
    `{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, "echo ${planted}; echo ${planted} >&2; exit 1"], interactiveMode: Never}}`,
    `{exec: {apiVersion: client.authentication.k8s.io/v1, command: echo, args: ["${planted}"], interactiveMode: Never}}`,
  ]
  let tried = 0
  for (const [i, user] of users.entries()) {
    const file = join(home, `kubeconfig-${i}`)
    writeFileSync(file, kubeconfig(user), { mode: 0o600 })
    for (const command of inTurn(['nodes:status', 'cache:status', 'db:status --json'], 3, i)) {
      tried++
      const { stdout, stderr } = await honeydue([...command.split(' '), '--env', join(sandbox.dir, 'environment.yaml')], {
        home,
        env: { KUBECONFIG: file, NO_COLOR: '1' },
      })
      if ((stdout + stderr).includes(planted)) lost.push(`${user.slice(0, 30)}…, ${command}`)
    }
  }
  const tokens = [planted, `${planted}\nX-Evil: 1`, `${planted} `, 'ü'.repeat(40) + planted]
  for (const [i, token] of tokens.entries()) {
    const file = join(home, 'token-environment.yaml')
    writeFileSync(
      file,
      `name: sandbox\nkubeconfig: ${join(sandbox.dir, 'admin.kubeconfig')}\nssh: {config: ${join(sandbox.dir, 'ssh/config')}}\nca: ${join(sandbox.dir, 'ca.crt')}\nhostaddr: {api.cloudflare.com: "127.0.0.1:${sandbox.cloudflare.port}"}\ncloudflare: {token_command: [printf, '%s', ${JSON.stringify(token)}]}\n`,
    )
    for (const command of inTurn(['edge:status', 'edge:drain hetzner1 --dry-run --json'], 2, i)) {
      tried++
      const { stdout, stderr } = await honeydue([...command.split(' '), '--env', file], { home, env: { NO_COLOR: '1' } })
      if ((stdout + stderr).includes(planted)) lost.push(`token ${JSON.stringify(token).slice(0, 20)}…, ${command}`)
    }
  }
  count(task.meta, { of: 'odd kubeconfigs and tokens, their secrets kept', tried, outOf: users.length * 3 + tokens.length * 2, lost })
})
