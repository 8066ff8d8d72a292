import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { workload } from '../../src/lib/sandbox/deployment/workload.ts'
import { hostile, rawControls } from '../support/hostile.ts'
import { honeydue, requireBuild, root } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox({ postgres: false, speed: { nodeGrace: 300 } })
const slow = { timeout: 120_000 }

const here = () => ['--env', join(sandbox().dir, 'environment.yaml')]
const run = (...words: readonly string[]) => honeydue([...words, ...here()], { within: 60_000 })

interface Record {
  readonly pod: string
  readonly container: string
  readonly previous: boolean
  readonly time: string
  readonly level: string | null
  readonly message: string
  readonly fields?: object
  readonly cutBytes?: number
}
const recordsOf = (text: string): readonly Record[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record)
    .filter((one) => 'pod' in one)

/** Pods beside honeyDue's own, whose containers write what the annotations say. */
const deploy = (name: string, notes: Readonly<globalThis.Record<string, string>>, replicas = 1, pod: object = {}) => {
  const object = workload({ name, image: 'registry.test/speaks:1', replicas, pod: { ...pod } })
  const { template } = object.spec as { template: { metadata: { annotations?: object } } }
  template.metadata.annotations = Object.fromEntries(Object.entries(notes).map(([key, value]) => [`honeydue.test/${key}`, value]))
  sandbox().kubernetes.client.create(object)
}
const podsOf = (name: string) =>
  sandbox()
    .kubernetes.client.list({ group: '', resource: 'pods' }, { namespace })
    .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
const running = (name: string, count: number) =>
  expect
    .poll(() => podsOf(name).filter(({ status }) => (status as { phase?: string }).phase === 'Running').length, { timeout: 15_000 })
    .toBe(count)

test('what a pod has from a whole Secret is hidden, and a log that cannot be read ends with 9', slow, async () => {
  const { kubernetes } = sandbox()
  const value = 'correct-horse-battery'
  kubernetes.client.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'whole', namespace },
    type: 'Opaque',
    data: { ANYTHING: Buffer.from(value).toString('base64') },
  })
  const container = { name: 'tells', image: 'registry.test/speaks:1', envFrom: [{ secretRef: { name: 'whole' } }] }
  deploy('tells', { says: `it was given ${value} today` }, 2, { containers: [container] })
  await running('tells', 2)
  const all = await run('logs', 'tells')
  expect(all.stdout).toMatch(/it was given \S*•••• today/)
  expect(all.stdout + all.stderr).not.toContain(value)
  expect(all.code).toBe(0)
  const [first] = podsOf('tells')
  const answer = { status: 500, reason: 'InternalError', message: 'the kubelet does not answer' }
  const heal = kubernetes.fail({ match: ({ path }) => path.includes(`/pods/${first?.metadata.name}/log`), answer })
  const part = await run('logs', 'tells')
  expect(part.stdout).toContain('it was given')
  expect(part.stderr).toContain(`${first?.metadata.name}/tells could not be read`)
  expect(part.code).toBe(9)
  const json = await run('logs', 'tells', '--json')
  expect(json.code).toBe(9)
  expect(json.stdout.trimEnd().split('\n').at(-1)).toContain('"exitCode":9')
  heal()
})

test('the lines of all pods, init containers too, are those of kubectl, by time; nothing of them acts on a terminal', slow, async () => {
  const says = [
    `plain {n} ${hostile}`,
    '{"level":"error","msg":"no route","to":"a b","stack":"one\\ntwo"}',
    '{long:1048576}',
    'the end',
  ].join('\n')
  deploy('speaks', { says, 'init-says': 'waiting\nready' }, 2, { initContainers: [{ name: 'wait', image: 'registry.test/wait:1' }] })
  await running('speaks', 2)
  const records = recordsOf((await run('logs', 'speaks', '--json')).stdout)
  expect(records.map(({ time }) => time)).toEqual(records.map(({ time }) => time).sort())
  const kubectl = await promisify(execFile)(
    'kubectl',
    [
      ...['--kubeconfig', join(sandbox().dir, 'admin.kubeconfig'), '-n', namespace, 'logs', '-l', 'app.kubernetes.io/name=speaks'],
      ...['--all-containers', '--timestamps', '--prefix', '--tail', '-1'],
    ],
    { maxBuffer: 1e8, env: { PATH: process.env['PATH'], HOME: '/nonexistent' } },
  )
  const theirs = kubectl.stdout.trimEnd().split('\n')
  const key = (pod: string, container: string, time: string, text: string) => `${pod}/${container} ${time} ${text.slice(0, 30)}`
  const inTheirs = theirs.map((line) => {
    const [, pod = '', container = '', time = '', text = ''] =
      /^\[pod\/(\S+?)\/(\S+?)\] (\S+) ([\s\S]*)$/.exec(line.replace('\u001b[45m', '')) ?? []
    return key(pod, container, time, text.startsWith('{"level"') ? 'no route' : text)
  })
  const inOurs = records.map(({ pod, container, time, message }) => key(pod, container, time, message))
  expect([...inOurs].sort()).toEqual([...inTheirs].sort())
  expect(records.find(({ level }) => level === 'error')).toMatchObject({ message: 'no route', fields: { to: 'a b', stack: 'one\ntwo' } })
  const long = records.find(({ message }) => message.startsWith('xxx'))
  expect((long?.message.length ?? 0) + (long?.cutBytes ?? 0)).toBeGreaterThan(1_048_500)

  const { code, stdout, stderr } = await run('logs', 'deploy/speaks')
  expect(code).toBe(0)
  expect(rawControls(stdout)).toEqual([])
  expect(stdout).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} speaks-\S+\/speaks@hetzner\d ERROR no route to="a b"\n {4}\| stack:\n {4}\| one\n {4}\| two$/m,
  )
  expect(stdout).toMatch(/xxx … 1,040,384 more bytes$/m)
  expect(stderr).toMatch(/^12 lines of 2 pods, since 20\S+ \d\d:\d\d:\d\d UTC$/m)
  expect(stderr).toMatch(/^2 lines were cut/m)
  expect(stderr).toMatch(/^Pods that were deleted are not included/m)
  expect((await run('logs', 'speaks', '--tail', '1')).stdout.trimEnd().split('\n')).toHaveLength(4)
})

test('filters: a level with the frames of its stack, a pattern, and what says no level is counted', slow, async () => {
  const says = [
    '2026/06/03 22:14:07 starting',
    'WARN: slow',
    'panic: no route',
    'goroutine 1 [running]:',
    'main.main()',
    'INFO: over',
  ].join('\n')
  deploy('speaks', { says })
  await running('speaks', 1)
  const told = async (...words: readonly string[]) => {
    const { stdout, stderr } = await run('logs', 'speaks', ...words)
    return {
      lines: stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ (?:[A-Z]+ +(?=[A-Za-z]+:))?/, '')),
      stderr,
    }
  }
  const worst = await told('--level', 'error')
  expect(worst.lines).toEqual(['panic: no route', 'goroutine 1 [running]:', 'main.main()'])
  expect(worst.stderr).toMatch(/^1 line says no level and is left out: without --level they are shown$/m)
  expect((await told('--grep', 'slow|over$')).lines).toEqual(['WARN: slow', 'INFO: over'])
  const refused = await run('logs', 'speaks', '--grep', '(', '--json')
  expect(JSON.parse(refused.stdout)).toMatchObject({ command: 'logs', exitCode: 2, error: { code: 'flag-grep' } })
  // One record a line, the refusal too.
  expect([refused.code, refused.stdout.trimEnd().split('\n')]).toEqual([2, [refused.stdout.trimEnd()]])
})

test('no secret that a pod has from its Secrets stands in what is shown, in whichever words it was written', slow, async () => {
  const values = plantedValues.filter((value) => !value.includes('\n'))
  deploy('speaks', { says: values.map((value) => `POSTGRES_PASSWORD=${value}`).join('\n') })
  await running('speaks', 1)
  const { postgres } = sandbox()
  deploy('quotes', { says: `connecting as (${postgres.password}) {"x":1}\n{"msg":"as ${postgres.password}","n":1}` }, 1, {
    containers: [
      {
        name: 'main',
        image: 'registry.test/speaks:1',
        env: [{ name: 'DB', valueFrom: { secretKeyRef: { name: 'honeydue-secrets', key: 'POSTGRES_PASSWORD' } } }],
      },
    ],
  })
  await running('quotes', 1)
  for (const words of [[], ['--json']]) {
    const { stdout, stderr } = await run('logs', ...words)
    expect(stdout).toMatch(/connecting as \(••••\)/)
    for (const value of values) expect(stdout + stderr).not.toContain(value)
  }
})

test(
  'what a container said before it was started again comes first, and alone with --previous; a node that is away costs its lines',
  slow,
  async () => {
    deploy('crashes', { says: 'about to end', crash: 'yes' })
    await expect
      .poll(
        () =>
          podsOf('crashes').map(
            ({ status }) => (status as { containerStatuses?: { restartCount: number }[] }).containerStatuses?.[0]?.restartCount,
          ),
        { timeout: 15_000 },
      )
      .toEqual([1])
    const both = await run('logs', 'crashes')
    expect(
      both.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/^\S+ (?:\S+)/, '')),
    ).toEqual([' (before its restart) about to end', ' about to end'])
    const before = recordsOf((await run('logs', 'crashes', '--previous', '--json')).stdout)
    expect(before).toMatchObject([{ previous: true, message: 'about to end' }])

    deploy('everywhere', { says: 'here' }, 3)
    await running('everywhere', 3)
    await sandbox().nodes.setUp('hetzner2', false)
    const { code, stdout, stderr } = await run('logs', 'everywhere')
    // What was not seen is not well.
    expect(code).toBe(9)
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(stdout).not.toContain('hetzner2')
    expect(stderr).toMatch(
      /^everywhere-\S+\/everywhere could not be read: .*: Get "https:\/\/\S+:10250\/containerLogs\/.*no route to host$/m,
    )
    // Nothing at all to be read is no success.
    const pod = podsOf('everywhere').find(({ spec }) => (spec as { nodeName?: string }).nodeName === 'ubuntu-8gb-nbg1-1')
    expect(await run('logs', pod?.metadata.name ?? '')).toMatchObject({ code: 9, stderr: expect.stringContaining('answered 500') })
  },
)

test('a name that is none is refused with those that there are', slow, async () => {
  const { code, stderr } = await run('logs', 'nope')
  expect([code, stderr.replace(/\s+/g, ' ')]).toEqual([
    3,
    expect.stringMatching(/has no pod of nope .* There are pods of admin, api, redis/),
  ])
})

const follow = (...words: readonly string[]) => {
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), 'logs', ...words, '--follow', ...here()], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', XDG_STATE_HOME: sandbox().dir, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text))
  return { child, out, ended: ended(child) }
}
const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('close', resolve))

test(
  'followed: each line once, from the pod that takes the place of one as well, while the API is away for a moment; Ctrl-C ends it',
  slow,
  async () => {
    deploy('talks', { says: 'line {n}', 'says-every': '100ms', 'says-times': '1000' })
    await running('talks', 1)
    const { child, out, ended } = follow('talks', '--json')
    try {
      const said = () => recordsOf(out.stdout.slice(0, out.stdout.lastIndexOf('\n') + 1) || '{}')
      await expect.poll(() => said().length, { timeout: 20_000 }).toBeGreaterThan(10)
      const [first] = podsOf('talks')
      // For a while no new question is answered.
      const restore = sandbox().kubernetes.fail({ answer: 'reset' })
      await expect.poll(() => out.stderr, { timeout: 20_000 }).toMatch(/does not say which pods there are/)
      restore()
      await expect.poll(() => out.stderr, { timeout: 20_000 }).toMatch(/answers again/)
      const before = said().length
      await expect.poll(() => said().length, { timeout: 20_000 }).toBeGreaterThan(before + 10)
      sandbox().kubernetes.client.delete({ group: '', resource: 'pods' }, first?.metadata.name ?? '', namespace)
      await expect.poll(() => new Set(said().map(({ pod }) => pod)).size, { timeout: 20_000 }).toBe(2)
      const numbers = said()
        .filter(({ pod }) => pod === first?.metadata.name)
        .map(({ message }) => Number(message.replace('line ', '')))
      expect(numbers).toEqual(numbers.map((_, at) => at + 1))
    } finally {
      child.kill('SIGINT')
    }
    expect(await ended).toBe(0)
  },
)

test('200 000 lines and a slow reader fill no memory; a pipe that is closed ends it', slow, async () => {
  deploy('floods', { says: '{n} of very many lines', 'says-times': '200000' })
  deploy('also', { says: '{n} of as many others', 'says-times': '200000' })
  await running('floods', 1)
  await running('also', 1)
  const words = ['--max-old-space-size=48', join(root, 'bin/run.js'), 'logs', ...here()]
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', XDG_STATE_HOME: sandbox().dir, NODE_DISABLE_COMPILE_CACHE: '1' }
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const end = ended(child)
  child.stderr.resume()
  // Nobody reads for a while.
  await new Promise((resolve) => setTimeout(resolve, 3000))
  let lines = 0
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++
  })
  expect(await end).toBe(0)
  expect(lines).toBeGreaterThan(400_000)

  const short = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const over = ended(short)
  short.stderr.resume()
  short.stdout.once('data', () => short.stdout.destroy())
  expect(await over).toBe(0)
})
