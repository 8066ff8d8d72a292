import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import type { reports } from '../../src/lib/reports/index.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openTerminal } from '../pty/terminal.ts'
import { migrationWorlds } from '../support/migration-worlds.ts'
import { type Ended, honeydue, requireBuild } from '../support/program.ts'
import { worlds } from '../support/worlds.ts'
import { attacked, everyProcedure } from './attacked.ts'
import { type Fault, faults } from './bad-wire.ts'
import { allOf, count } from './points.ts'
import { type System, type Wired, wired } from './wired.ts'

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
  'cluster:health': ['kubernetes'],
  'config:diff': ['kubernetes'],
  'db:connections': ['kubernetes', 'postgres'],
  'db:locks': ['kubernetes', 'postgres'],
  'db:migrations': ['kubernetes', 'postgres', 'registry'],
  'db:status': ['kubernetes', 'postgres', 'neon'],
  'db:verify-warmup': ['kubernetes'],
  'deploy:status': ['kubernetes', 'postgres', 'registry'],
  'edge:status': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'firewall:status': ['kubernetes', 'ssh', 'cloudflare'],
  'nodes:status': ['kubernetes', 'ssh'],
  'queue:status': ['kubernetes'],
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

/** Nobody waits longer at night; what is not known by then is said not to be known. */
const patience = 15_000

const run = async (command: string): Promise<Ended & { readonly ms: number }> => {
  const began = Date.now()
  const ended = await honeydue([...command.split(' '), '--env', over.environment, '--json'], {
    home,
    within: 60_000,
    env: { NO_COLOR: '1' },
  })
  return { ...ended, ms: Date.now() - began }
}

/** What is wrong with an answer, whatever the world did to it; undefined where nothing is. */
const faultOf = ({ code, stdout, stderr, ms }: Ended & { readonly ms: number }): string | undefined => {
  const text = stdout + stderr
  const document = JSON.parse(stdout.trim() === '' ? 'null' : stdout) as { exitCode?: number } | null
  if (ms > patience) return `took ${(ms / 1000).toFixed(1)} s`
  if (code === null) return 'did not end'
  if (![0, 3, 9].includes(code)) return `exit ${code}: ${text.slice(0, 300)}`
  if (document?.exitCode !== code) return `its document says ${document?.exitCode}, it ended with ${code}`
  if (/\n\s+at .*\(.*:\d+:\d+\)|\(node:\d+\)/.test(text)) return `a stack or a warning of Node: ${stderr.slice(0, 300)}`
  if (plantedValues.some((value) => text.includes(value))) return 'a secret was printed'
  return undefined
}

test.for(Object.keys(faults) as Fault[])('a wire that is %s: every command ends in time with what is known', async (fault, { task }) => {
  let longest = 0
  const lost: string[] = []
  let tried = 0
  const systems = [...new Set(commands().flatMap(([, uses]) => uses))]
  const waits = fault.startsWith('stall') || fault === 'delay' || fault === 'drip'
  for (const system of systems) {
    const wire = over.wires[system]
    Object.assign(wire, { fault, only: undefined, seen: 0 })
    const uses = commands().filter(([, uses]) => uses.includes(system))
    const slow: string[] = []
    const tell = (command: string, ended: Awaited<ReturnType<typeof run>>) => {
      longest = Math.max(longest, ended.ms)
      const wrong = faultOf(ended)
      if (wrong !== undefined) lost.push(`${system} ${fault}, ${command}: ${wrong}`)
    }
    await allOf(uses, waits ? 8 : 4, async ([command]) => {
      tried++
      const ended = await run(command)
      if (faultOf(ended) === undefined) tell(command, ended)
      else slow.push(command)
    })
    for (const command of slow) tell(command, await run(command))
    wire.fault = undefined
  }
  count(task.meta, { of: `one system behind a wire that is bad: ${fault}`, tried, lost, longest })
})

test('while nothing answers, the screen says what is being asked', async ({ task }) => {
  const lost: string[] = []
  for (const wire of Object.values(over.wires)) Object.assign(wire, { fault: 'stall', only: undefined, seen: 0 })
  await allOf(commands(), 3, async ([command]) => {
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
  count(task.meta, { of: 'commands that say on the screen what they are waiting for', tried: commands().length, lost })
})

test('each connection in turn is cut, stalled or ended early: the others carry the command', async ({ task }) => {
  let longest = 0
  const lost: string[] = []
  let tried = 0
  for (const command of ['nodes:status', 'db:status', 'edge:status', 'db:switch-host --to direct --dry-run']) {
    for (const fault of ['reset', 'stall', 'truncate'] as const) {
      for (const system of commands().find(([one]) => one === command)?.[1] ?? []) {
        const wire = over.wires[system]
        Object.assign(wire, { fault, seen: 0 })
        for (let only = 0; only < 4; only++) {
          Object.assign(wire, { only, seen: 0 })
          const ended = await run(command)
          tried++
          longest = Math.max(longest, ended.ms)
          const wrong = faultOf(ended)
          if (wrong !== undefined) lost.push(`${system} ${fault} of connection ${only}, ${command}: ${wrong}`)
          if (wire.seen <= only) break
        }
        Object.assign(wire, { fault: undefined, only: undefined })
      }
    }
  }
  count(task.meta, { of: 'one connection of a command at a time: reset, stall, truncate', tried, lost, longest })
})
