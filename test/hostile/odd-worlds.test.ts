import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { type Ended, honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'
import { allOf, count, inTurn } from './points.ts'

const sandbox = useSandbox({ postgres: true })
const home = mkdtempSync(join(tmpdir(), 'honeydue-odd-worlds-'))
beforeAll(requireBuild)
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** More than anybody reads of one command. */
const most = 200_000

const run = (command: string, environment = join(sandbox().dir, 'environment.yaml')): Promise<Ended> =>
  honeydue([...command.split(' '), '--env', environment], { home, within: 60_000, env: { NO_COLOR: '1' } })

/** What is wrong with an answer about an odd world; `says`: words that must stand in it. */
const faultOf = ({ code, stdout, stderr }: Ended, says = /./): string | undefined => {
  const text = stdout + stderr
  if (![0, 2, 3, 9].includes(code ?? -1)) return `exit ${code}: ${text.slice(0, 400)}`
  if (/\n\s+at .*\(.*:\d+:\d+\)|\(node:\d+\)/.test(text)) return `a stack or a warning of Node: ${stderr.slice(0, 300)}`
  if (text.length > most) return `${text.length} characters were printed`
  return says.test(text) ? undefined : `${says} is not said: ${text.slice(0, 400)}`
}

const second = nodes[1].alias
const overSsh = ['nodes:status', 'firewall:status', 'edge:status', 'cert:status', `firewall:refresh --node ${second} --dry-run`, 'doctor']
const long = (bytes: number): string => 'x'.repeat(bytes)
/** What a node may print that is more than anybody asked for. */
const floods: readonly (readonly [what: string, file: string, content: string, says: RegExp])[] = [
  ['20 MB before every answer', 'login/startup', 'head -c 20000000 /dev/zero | tr "\\0" x\n', /printed\s+more\s+than\s+8\s+MB/],
  ['a host name of 20 MB', 'hostname', long(20_000_000), /printed\s+more\s+than\s+8\s+MB/],
  ['a host name of 1 MB', 'hostname', long(1_000_000), /./],
  ['a version of 1 MB', 'k3s-version', long(1_000_000), /./],
  ['firewall rules of 9 MB', 'ufw/rules4', `${long(1000)}\n`.repeat(9000), /./],
]

test('F20: a node that prints megabytes fills neither the memory nor the screen', async ({ task }) => {
  const lost: string[] = []
  let tried = 0
  for (const [turn, [what, file, content, says]] of floods.entries()) {
    await sandbox().reset()
    sandbox().nodes.node(second).state.write(file, content)
    await allOf(file === 'k3s-version' ? ['nodes:status'] : inTurn(overSsh, 3, turn), 3, async (command) => {
      tried++
      const wrong = faultOf(await run(command), file.startsWith('ufw') ? /./ : says)
      if (wrong !== undefined) lost.push(`${what}, ${command}: ${wrong}`)
    })
  }
  count(task.meta, {
    of: 'commands over SSH to a node that prints megabytes',
    tried,
    outOf: (floods.length - 1) * overSsh.length + 1,
    lost,
  })
})

const namespaces = ['..', '.', '../../x?y=', 'a/b', 'honeydue/secrets', 'x%2f..%2f..', '?y=1', '#', '../kube-system']

test('F20: a namespace that looks like a path is no path', async ({ task }) => {
  const lost: string[] = []
  const file = join(home, 'odd-namespace.yaml')
  const commands = ['cluster:health', 'config:diff', 'cache:status', 'deploy:restart api --dry-run']
  let tried = 0
  for (const [turn, namespace] of namespaces.entries()) {
    const own = parse(readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8')) as object
    writeFileSync(file, stringify({ ...own, namespace }), { mode: 0o600 })
    const seen: string[] = []
    sandbox().kubernetes.fail({
      match: ({ path }) => {
        seen.push(path)
        return false
      },
      times: 1,
      answer: 'reset',
    })
    for (const command of inTurn(commands, 3, turn)) {
      tried++
      const wrong = faultOf(await run(command, file))
      const astray = seen.filter((path) => !keptTo(path, namespace))
      if (wrong !== undefined) lost.push(`namespace ${namespace}, ${command}: ${wrong}`)
      if (astray.length > 0) lost.push(`namespace ${namespace}, ${command}: ${astray.slice(0, 3)}`)
      seen.length = 0
    }
  }
  count(task.meta, { of: 'commands in a namespace that looks like a path', tried, outOf: namespaces.length * commands.length, lost })
})

/** Whether a call names this namespace as one word of its path, or none; config:diff asks for what manifests name as theirs, too. */
const keptTo = (path: string, namespace: string): boolean => {
  const [place = '', query = ''] = path.split('?')
  const words = place.split('/')
  const named = words.indexOf('namespaces') + 1
  if (words.includes('..') || words.includes('.') || /^y=/.test(query)) return false
  return named === 0 || [undefined, encodeURIComponent(namespace), 'honeydue'].includes(words[named])
}

test('F20: three hundred public names are looked at, and what is said of them can be read', async ({ task }) => {
  const { state } = sandbox().cloudflare
  const like = state.records.find(({ type, proxied }) => type === 'A' && proxied)
  const more = Array.from({ length: like === undefined ? 0 : 300 }, (_, i) => ({
    ...(like as NonNullable<typeof like>),
    id: `many${i}`,
    name: `customer-${i}.myhoneydue.com`,
    content: nodes[i % 3]?.address ?? '',
  }))
  state.records = [...state.records, ...more]
  const lost: string[] = []
  const commands = ['edge:status', 'status', 'cert:status', `edge:drain ${second} --dry-run`]
  let longest = 0
  for (const command of commands) {
    const began = Date.now()
    const ended = await run(command)
    longest = Math.max(longest, Date.now() - began)
    const wrong = faultOf(ended)
    if (wrong !== undefined) lost.push(`${command}: ${wrong}`)
  }
  count(task.meta, { of: 'commands over three hundred public names', tried: commands.length, lost, longest })
})

test('F20: a pipe, a folder, a device and a link to nowhere among the migrations and manifests hold nobody up', async ({ task }) => {
  const lost: string[] = []
  const checkout = join(sandbox().dir, 'checkout')
  const odd = ['migrations/000009_odd.sql', 'deploy-k3s/manifests/odd.yaml', 'deploy/prod.env', 'deploy-k3s/config.yaml']
  const kinds: Readonly<Record<string, (path: string) => void>> = {
    'a pipe': (path) => execFileSync('mkfifo', [path]),
    'a folder': (path) => mkdirSync(path),
    'a link to a device': (path) => execFileSync('ln', ['-s', '/dev/zero', path]),
    'a link to nowhere': (path) => execFileSync('ln', ['-s', 'nowhere', path]),
  }
  const commands = ['db:migrations', 'config:diff', 'db:switch-host --to direct --dry-run']
  let [tried, turn] = [0, 0]
  for (const [kind, make] of Object.entries(kinds))
    for (const file of odd) {
      await sandbox().reset()
      const path = join(checkout, file)
      rmSync(path, { recursive: true, force: true })
      make(path)
      await allOf(inTurn(commands, 3, turn++), 3, async (command) => {
        tried++
        const wrong = faultOf(await run(command))
        if (wrong !== undefined) lost.push(`${file} is ${kind}, ${command}: ${wrong}`)
      })
      rmSync(path, { recursive: true, force: true })
    }
  count(task.meta, { of: 'commands over a checkout with files that are none', tried, outOf: turn * commands.length, lost })
})
