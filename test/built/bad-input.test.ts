import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { kubeconfig } from '../../src/lib/sandbox/kubeconfig.ts'
import { newSshKey } from '../../src/lib/sandbox/nodes/ssh-key.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { isSignOfLife } from '../support/queue.ts'
import { useSandbox } from '../support/worlds.ts'

// Each test starts the program many times.
vi.setConfig({ testTimeout: 180_000 })
beforeAll(requireBuild)
const sandbox = useSandbox()
const dir = mkdtempSync(join(tmpdir(), 'honeydue-bad-input-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let files = 0
const file = (text: string): string => {
  const path = join(dir, `file-${files++}`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
/** The sandbox's environment with some of its values replaced. */
const environment = (over: object = {}): string => {
  const path = `${file('')}.yaml`
  writeFileSync(path, stringify({ ...parse(readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8')), ...over }))
  return path
}
const sshConfig = (change: (text: string) => string): string => file(change(readFileSync(join(sandbox().dir, 'ssh', 'config'), 'utf8')))

const secrets = Object.values(planted).filter((value) => value.length > 8)

/** Exit codes whose errors have been looked at as text. */
const asText = new Set<number | null>()

/** An error in four parts in the one JSON document, and of each exit code once as text on standard error; nothing changed, no secret. */
/** What is in Redis, without the worker's own signs of life. */
const keysOf = () => Object.keys(sandbox().redis.snapshot()).filter((key) => !isSignOfLife(key))

const refused = async (args: readonly string[], options: Parameters<typeof honeydue>[1] = {}) => {
  const before = keysOf()
  const { code, stdout, stderr } = await honeydue([...args, '--json'], options)
  const { error, ...document } = JSON.parse(stdout)
  expect(document).toMatchObject({ schemaVersion: 1, exitCode: code })
  const parts: readonly string[] = [error.failed, error.state, error.cause, error.next]
  for (const part of parts) expect(part).toMatch(/\S/)
  expect(error.state).toBe('Nothing was changed.')
  const printed = [stdout, stderr]
  if (!asText.has(code)) {
    asText.add(code)
    const text = await honeydue(args, options)
    expect(text.code).toBe(code)
    for (const part of ['failed', 'state', 'cause', 'next']) expect(text.stderr).toMatch(new RegExp(`^${part} {2,}\\S`, 'm'))
    printed.push(text.stdout, text.stderr)
  }
  for (const said of printed) {
    expect(said).not.toMatch(/^\s+at .*:\d+:\d+/m)
    for (const secret of secrets) expect(said).not.toContain(secret)
  }
  expect(keysOf()).toEqual(before)
  return { exit: code, code: error.code as string, said: [...parts, ...error.details].join('\n') }
}
const invalidating = (env: string) => ['cache:invalidate', '--user', '1', '--env', env]

test('a kubeconfig that is missing, unreadable, malformed or expired', async () => {
  const at = async (path: string | readonly string[]) => refused(invalidating(environment({ kubeconfig: path })))
  const missing = await at([join(dir, 'none'), join(dir, 'neither')])
  expect(missing).toMatchObject({ exit: 9, code: 'kube-no-kubeconfig' })
  expect(missing.said).toContain(`${join(dir, 'none')}: does not exist`)
  expect(missing.said).toContain(`${join(dir, 'neither')}: does not exist`)
  mkdirSync(join(dir, 'folder'))
  // As kubectl does, which passes over what is absent alone.
  const folder = await at([join(dir, 'none'), join(dir, 'folder')])
  expect(folder).toMatchObject({ exit: 9, code: 'kube-kubeconfig' })
  expect(folder.said).toContain('it is a folder')
  if (process.getuid?.() !== 0) {
    const closed = file('apiVersion: v1\n')
    chmodSync(closed, 0)
    expect((await at(closed)).said).toContain('may not be read')
  }
  expect(await at(file('apiVersion: v1\nclusters: [\n'))).toMatchObject({ exit: 9, code: 'kube-kubeconfig' })
  expect(await at(file('just words\n'))).toMatchObject({ exit: 9, code: 'kube-kubeconfig' })
  const old = createAuthority('old').issue({ commonName: 'system:admin', days: 1, notBefore: new Date('2020-01-01') })
  const server = { server: `https://127.0.0.1:${sandbox().kubernetes.port}`, ca: readFileSync(join(sandbox().dir, 'ca.crt'), 'utf8') }
  const expired = await at(file(kubeconfig(server, 'admin', old)))
  expect(expired).toMatchObject({ exit: 9, code: 'kube-credentials' })
  expect(expired.said).toContain('Jan  2 00:00:00 2020 GMT')
})

test('an environment that is unknown, and a file with five mistakes: all five, each with its line', async () => {
  expect(await refused(['cache:invalidate', '--user', '1', '--env', 'staging'])).toMatchObject({ exit: 2, code: 'environment-unknown' })
  expect(await refused(invalidating(join(dir, 'absent.yaml')))).toMatchObject({ exit: 2, code: 'environment-unreadable' })
  const path = `${file('')}.yaml`
  writeFileSync(path, 'name: bad\nnamespace: ""\nhealth: nowhere\ndatabase:\n  port: 70000\n  password: hunter2-of-the-file\nnodes: []\n')
  const five = await refused(invalidating(path))
  expect(five).toMatchObject({ exit: 2, code: 'environment-invalid' })
  for (const line of [2, 3, 5, 6, 7]) expect(five.said).toContain(`${path}:${line}: `)
  const explained = await honeydue(['config:explain', '--env', path])
  expect(explained.code).toBe(2)
  for (const line of [2, 3, 5, 6, 7]) expect(explained.stdout).toContain(`${path}:${line}: `)
  expect(explained.stdout + five.said).not.toContain('hunter2')
})

test('an API server that answers 401, 403, 409, 429, 500 or HTML, or nothing at all', async () => {
  const answers = [
    [{ status: 401, reason: 'Unauthorized', message: 'Unauthorized' }, 'kube-credentials'],
    [{ status: 403, reason: 'Forbidden', message: 'secrets is forbidden' }, 'kube-forbidden'],
    [{ status: 409, reason: 'Conflict', message: 'the object has been modified' }, 'kube-refused'],
    [{ status: 429, reason: 'TooManyRequests', message: 'try again later' }, 'kube-busy'],
    [{ status: 500, reason: 'InternalError', message: 'etcdserver: request timed out' }, 'kube-server-error'],
    [{ status: 200, body: '<html>Welcome to nginx</html>', headers: { 'content-type': 'text/html' } }, 'kube-not-kubernetes'],
    ['reset', 'kube-unreachable'],
  ] as const
  for (const [answer, code] of answers) {
    const heal = sandbox().kubernetes.fail({ answer })
    expect(await refused(invalidating(environment()))).toMatchObject({ exit: 9, code })
    heal()
  }
})

test('a name that does not resolve, and an address where nothing listens', async () => {
  const elsewhere = (server: string) => {
    const { environment: env, dir: at } = sandbox()
    const text = readFileSync(join(at, 'admin.kubeconfig'), 'utf8').replace(/server: .*/, `server: ${server}`)
    expect(env.kubeconfig).toHaveLength(1)
    // No control-plane node may answer in its place.
    return environment({
      kubeconfig: file(text),
      nodes: [{ alias: 'hetzner1', address: '127.0.0.1', hostname: 'ubuntu-8gb-nbg1-2' }],
      hostaddr: {},
    })
  }
  expect(await refused(invalidating(elsewhere('https://no-such-host.invalid:6443')))).toMatchObject({ exit: 9, code: 'kube-unreachable' })
  expect(await refused(invalidating(elsewhere('https://127.0.0.1:1')))).toMatchObject({ exit: 9, code: 'kube-unreachable' })
})

test('a Redis that refuses our password, and one that answers nothing: the port-forward keeps no command from ending', async () => {
  sandbox().redis.fail({ kind: 'wrong-password' })
  expect(await refused(invalidating(environment()))).toMatchObject({ exit: 9, code: 'redis-credentials' })
  sandbox().redis.fail({ kind: 'silent' })
  expect(await refused(invalidating(environment()))).toMatchObject({ exit: 9, code: 'redis-silent' })
})

test('a host key that is unknown or changed is refused with its fingerprint and its line in known_hosts', async () => {
  const known = join(sandbox().dir, 'ssh', 'known_hosts')
  const swapped = file(readFileSync(known, 'utf8').replace(/ssh-ed25519 \S+/, newSshKey('another').public.split(' ').slice(0, 2).join(' ')))
  const look = async (text: (config: string) => string) => {
    const { code, stdout } = await honeydue(['nodes:status', '--env', environment({ ssh: { config: sshConfig(text) } })])
    return { code, said: stdout.replaceAll(/\s+/g, ' ') }
  }
  const changed = await look((text) => text.replaceAll(known, swapped))
  expect(changed.code).toBe(3)
  expect(changed.said).toMatch(/hetzner1.*not trusted.*offers ssh-ed25519 SHA256:\S+/)
  expect(changed.said).toContain(`${swapped}:1`)
  const unknown = await look((text) => text.replaceAll(known, '/dev/null'))
  expect(unknown.code).toBe(3)
  expect(unknown.said).toMatch(/offers ssh-ed25519 SHA256:\S+, and no known_hosts file knows the host/)
  expect(readFileSync(swapped, 'utf8').split('\n')).toHaveLength(readFileSync(known, 'utf8').split('\n').length)
})

test('no SSH agent and no key, and an alias that no configuration knows: doctor names the next command', async () => {
  const doctor = async (over: object) => {
    const { code, stdout } = await honeydue(['doctor', '--env', environment(over)])
    return { code, said: stdout.replaceAll(/\s+/g, ' ') }
  }
  // A folder is no identity either.
  for (const identity of [join(dir, 'no-key'), dir]) {
    const keyless = await doctor({ ssh: { config: sshConfig((text) => text.replaceAll(/IdentityFile .*/g, `IdentityFile ${identity}`)) } })
    expect(keyless.code).toBe(3)
    expect(keyless.said).toContain('no identity file exists, and there is no SSH agent next: ssh-add')
  }
  const nameless = await doctor({ nodes: [{ alias: 'hetzner9', address: '203.0.113.9', hostname: 'nobody' }] })
  expect(nameless.code).toBe(3)
  expect(nameless.said).toMatch(/ssh hetzner9: no known_hosts file has its key .* next: compare the fingerprint/)
  const healthy = await doctor({})
  expect(healthy.code).toBe(0)
  expect(healthy.said).toContain('Nothing is wrong.')
})

test('a --confirm that names another target, no terminal to ask on, a missing flag, an unknown flag or command: 2 and 127', async () => {
  const everyone = ['cache:invalidate', '--all-residence-ids', '--env', environment()]
  expect(await refused([...everyone, '--confirm', 'sandbox/residence_ids_user:7', '--plan', '00000000'])).toMatchObject({
    exit: 2,
    code: 'confirm-mismatch',
  })
  expect(await refused([...everyone, '--confirm', 'sandbox/residence_ids_user:*'])).toMatchObject({ exit: 2, code: 'no-plan' })
  expect(await refused(everyone)).toMatchObject({ exit: 2, code: 'no-terminal' })
  expect(await refused(['db:unlock', '--env', environment()])).toMatchObject({ exit: 2, code: 'flag-pid' })
  expect(await refused(['cache:invalidate'])).toMatchObject({ exit: 2, code: 'flag-user' })
  expect(await refused(['cache:invalidate', '--usre', '7'])).toMatchObject({ exit: 2, code: 'usage' })
  expect(await refused(['cache', 'invalidat'])).toMatchObject({ exit: 127, code: 'unknown-command' })
})

test('a plan as JSON says what to confirm with, and that confirms it', async () => {
  const everyone = ['cache:invalidate', '--all-residence-ids', '--env', environment(), '--json']
  const { plan } = JSON.parse((await honeydue([...everyone, '--dry-run'])).stdout)
  expect(plan.confirm).toBe('sandbox/residence_ids_user:*')
  const refusal = JSON.parse((await honeydue([...everyone, '--confirm', 'another', '--plan', plan.name])).stdout)
  expect(refusal).toMatchObject({ exitCode: 2, error: { code: 'confirm-mismatch' }, plan: { id: plan.id, confirm: plan.confirm } })
  const { code, stdout, stderr } = await honeydue([...everyone, '--confirm', plan.confirm, '--plan', plan.name])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, exitCode: 0, states: ['done'] })
})

test('what a run came to stands in its document too: the id of the message that went out', async () => {
  const mailing = ['mail:test', '--to', 'somebody@example.com', '--env', environment(), '--json']
  const { plan } = JSON.parse((await honeydue([...mailing, '--dry-run'])).stdout)
  const { code, stdout } = await honeydue([...mailing, '--confirm', plan.confirm, '--plan', plan.name])
  const [, id] = /^Message-ID: (<.+>)\r$/m.exec(sandbox().mail.taken[0]?.text ?? '') ?? []
  expect([code, JSON.parse(stdout).came]).toEqual([0, [`Message-ID ${id}`, 'smtp.fastmail.com says: 2.0.0 Ok: queued as SANDBOX']])
})

test('a run that fails half way, as JSON: the plan, how far each step came, and the line that goes on', async () => {
  writeFileSync(join(sandbox().dir, 'read-only'), planted.cloudflareReadToken)
  const cloudflare = { ...parse(readFileSync(environment(), 'utf8')).cloudflare, token_command: ['cat', join(sandbox().dir, 'read-only')] }
  const env = environment({ cloudflare })
  const { code, stdout } = await honeydue(['edge:drain', 'hetzner2', '--confirm', 'sandbox/hetzner2', '--env', env, '--json'])
  const { plan, states, error, exitCode } = JSON.parse(stdout)
  expect([code, exitCode, error.code]).toEqual([4, 4, 'cloudflare-forbidden'])
  expect(states).toHaveLength(plan.steps.length)
  expect(states[0]).toBe('half')
  expect(error.next).toContain(`honeydue edge:drain hetzner2 --env ${env}`)
})
