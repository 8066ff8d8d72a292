import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import type { reports } from '../../src/lib/reports/index.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { migrationWorlds } from '../support/migration-worlds.ts'
import { type Ended, honeydue, requireBuild } from '../support/program.ts'
import { openTerminal } from '../support/terminal.ts'
import { worlds } from '../support/worlds.ts'
import { attacked, everyProcedure } from './attacked.ts'
import { type Fault, faults, withoutEnd } from './bad-wire.ts'
import { inLine } from './in-line.ts'
import { allOf, count, full, inTurn, type Points } from './points.ts'
import { behind, type System, type Wired, wired } from './wired.ts'

let sandbox: Sandbox
let over: Wired
let home: string
let pid = ''
beforeAll(async () => {
  requireBuild()
  home = mkdtempSync(join(tmpdir(), 'honeydue-hostile-'))
  sandbox = await startSandbox({ postgres: true })
  over = await wired(sandbox)
  // A world in which most of them have something to do.
  await migrationWorlds['two files pending'](sandbox)
  worlds['a rollout of web that was paused'](sandbox)
  worlds['one range new and one gone'](sandbox)
  pid = (await worlds['a lock stranded in the pooler'](sandbox))?.PID ?? ''
}, 180_000)
afterAll(async () => {
  await over?.stop()
  await sandbox?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** What every report asks; Redis and the pods' ports are reached through Kubernetes. */
const asked: Readonly<Record<keyof typeof reports, readonly System[]>> = {
  'cache:status': ['kubernetes'],
  'cert:status': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'cluster:certs': ['ssh'],
  'cluster:etcd': ['ssh'],
  'cluster:health': ['kubernetes', 'postgres'],
  'config:diff': ['kubernetes'],
  'cost:status': ['kubernetes', 'storage'],
  'db:connections': ['kubernetes', 'postgres'],
  'db:locks': ['kubernetes', 'postgres'],
  'db:migrations': ['kubernetes', 'postgres', 'registry'],
  'db:status': ['kubernetes', 'postgres', 'neon'],
  'db:verify-warmup': ['kubernetes'],
  'deploy:status': ['kubernetes', 'postgres', 'registry'],
  diagnose: ['kubernetes', 'postgres', 'ssh', 'cloudflare', 'edge'],
  'edge:status': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'firewall:status': ['kubernetes', 'ssh', 'cloudflare'],
  latency: ['observability'],
  'mail:status': ['kubernetes', 'mail'],
  'nodes:disk': ['ssh'],
  'nodes:status': ['kubernetes', 'ssh'],
  'nodes:updates': ['ssh'],
  'observability:status': ['kubernetes', 'observability'],
  // Those of the sandbox have none: what a page may do is in its report's own test.
  providers: [],
  'push:status': ['kubernetes', 'apns'],
  'queue:status': ['kubernetes'],
  'registry:status': ['kubernetes', 'registry', 'ssh'],
  'secrets:lost': ['kubernetes'],
  'secrets:status': ['kubernetes', 'postgres', 'registry', 'cloudflare', 'apns'],
  'storage:status': ['storage'],
  status: ['kubernetes', 'postgres', 'ssh', 'cloudflare', 'edge'],
}

/** Every report, and what every procedure gathers and checks, with the systems that it asks. */
const commands = (): readonly (readonly [command: string, systems: readonly System[]])[] => [
  ...Object.entries(asked),
  ['doctor', ['kubernetes', 'ssh']],
  ...everyProcedure.map((id) => {
    const { words, systems } = attacked[id]
    return [[id, ...words, ...(id === 'db:unlock' ? ['--pid', pid] : []), '--dry-run'].join(' '), systems] as const
  }),
]

/** Nobody waits longer at night; what is not known by then is said not to be known. Without the time in which other programs had the processors. */
const patience = 15_000

type Timed = Ended & { readonly ms: number }

const run = async (command: string, environment: string): Promise<Timed> => {
  const began = Date.now()
  let stood = () => 0
  const ended = await honeydue([...command.split(' '), '--env', environment, '--json'], {
    home,
    within: 120_000,
    env: { NO_COLOR: '1' },
    started: (pid) => {
      stood = inLine(pid)
    },
  })
  return { ...ended, ms: Date.now() - began - stood() }
}

/** What is wrong with an answer, whatever the world did to it; undefined where nothing is. */
const faultOf = ({ code, stdout, stderr, ms }: Timed): string | undefined => {
  const text = stdout + stderr
  if (code === null) return 'did not end'
  const document = JSON.parse(stdout.trim() === '' ? 'null' : stdout) as { exitCode?: number } | null
  if (ms > patience) return `took ${(ms / 1000).toFixed(1)} s`
  if (![0, 3, 9].includes(code)) return `exit ${code}: ${text.slice(0, 300)}`
  if (document?.exitCode !== code) return `its document says ${document?.exitCode}, it ended with ${code}`
  if (/\n\s+at .*\(.*:\d+:\d+\)|\(node:\d+\)/.test(text)) return `a stack or a warning of Node: ${stderr.slice(0, 300)}`
  if (plantedValues.some((value) => text.includes(value))) return 'a secret was printed'
  return undefined
}

/** One command whose one system is behind one bad wire; `only`: one connection of it, by its number. */
interface Point {
  readonly fault: Fault
  readonly command: string
  readonly system: System
  readonly only?: number
}

const everyFault = Object.keys(faults) as readonly Fault[]
/** Every system of every command over every wire. */
const wholeWires = (fault: Fault): readonly Point[] =>
  commands().flatMap(([command, systems]) => systems.map((system) => ({ fault, command, system })))
/** Before each eighth command a wire of each kind, before every second one that says nothing: every command meets some of them. */
const triedWires = (fault: Fault, turn: number): readonly Point[] =>
  full
    ? wholeWires(fault)
    : commands().flatMap(([command, systems], i) => {
        const system = systems[(i + turn) % systems.length]
        return system !== undefined && (i + turn) % (fault === 'stall' ? 2 : 8) === 0 ? [{ fault, command, system }] : []
      })
const singleConnections = (): readonly Point[] =>
  ['nodes:status', 'db:status', 'edge:status', 'db:switch-host --to direct --dry-run'].flatMap((command) =>
    (commands().find(([one]) => one === command)?.[1] ?? []).flatMap((system) =>
      (['reset', 'stall', 'truncate'] as const).flatMap((fault) => [0, 1, 2, 3].map((only) => ({ fault, command, system, only }))),
    ),
  )

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** Most of it is waiting, so that many wait at once; whoever was late is asked again when nobody else is. */
const answers = once(async () => {
  const endless = withoutEnd()
  const points = [...everyFault.flatMap(triedWires), ...inTurn(singleConnections(), 10)]
  const ask = async ({ command, fault, system, only }: Point, i: number): Promise<Timed> => {
    const { environment, wire } = await behind(sandbox, `wire-${i}`, system, { fault, only })
    // What speaks HTTP begins well, and does not come to its end.
    if (fault === 'bomb' && system !== 'ssh' && system !== 'postgres') Object.assign(wire, { fault: undefined, opened: endless.from })
    return run(command, environment).finally(wire.stop)
  }
  const first = await allOf(
    points.map((point, i) => ({ point, i })),
    12,
    async ({ point, i }) => ({ point, i, ended: await ask(point, i) }),
  )
  const all: { readonly point: Point; readonly ended: Timed; readonly again: number }[] = []
  for (const { point, i, ended } of first) {
    let [last, again] = [ended, 0]
    for (; again < 2 && faultOf(last) !== undefined; again++) last = await ask(point, i)
    all.push({ point, ended: last, again })
  }
  endless.heal()
  return all
})

/** Counts those that are meant, with the longest that anybody waited. */
const counted = async (of: string, outOf: number, meant: (point: Point) => boolean): Promise<Points> => {
  const some = (await answers()).filter(({ point }) => meant(point))
  const lost = some.flatMap(({ point: { system, fault, only, command }, ended }) => {
    const wrong = faultOf(ended)
    return wrong === undefined ? [] : [`${system} ${fault}${only === undefined ? '' : ` of connection ${only}`}, ${command}: ${wrong}`]
  })
  const again = some.reduce((sum, one) => sum + one.again, 0)
  return { of, tried: some.length, outOf, lost, again, longest: Math.max(...some.map(({ ended }) => ended.ms)) }
}

test.for(everyFault)('F10, F14: a wire that is %s: every command ends in time with what is known', async (fault, { task }) => {
  const whole = wholeWires(fault).length
  count(
    task.meta,
    await counted(`one system behind a wire that is bad: ${fault}`, whole, (one) => one.fault === fault && one.only === undefined),
  )
})

test('F10: each connection in turn is cut, stalled or ended early: the others carry the command', async ({ task }) => {
  const whole = singleConnections().length
  count(task.meta, await counted('one connection of a command at a time: reset, stall, truncate', whole, (one) => one.only !== undefined))
})

test('while nothing answers, the screen says what is being asked', async ({ task }) => {
  const lost: string[] = []
  for (const wire of Object.values(over.wires)) Object.assign(wire, { fault: 'stall', only: undefined, seen: 0 })
  const asking = inTurn(commands(), 8)
  await allOf(asking, 3, async ([command]) => {
    const terminal = openTerminal([...command.split(' '), '--env', over.environment], { home, within: 60_000 })
    // It stands there before anything has answered: nothing does.
    try {
      await terminal.until(command === 'doctor' ? 'Waiting for ' : 'asking ')
      terminal.signal('SIGKILL')
    } catch (error) {
      lost.push(`${command}: ${String(error)}`)
    }
    await terminal.end()
  })
  for (const wire of Object.values(over.wires)) wire.fault = undefined
  count(task.meta, {
    of: 'commands that say on the screen what they are waiting for',
    tried: asking.length,
    outOf: commands().length,
    lost,
  })
})
