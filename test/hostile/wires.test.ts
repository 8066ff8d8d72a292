import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'
import { type Ended, honeydue, requireBuild } from '../support/program.ts'
import { type Fault, faults } from './bad-wire.ts'
import { allOf, count } from './points.ts'
import { type System, type Wired, wired } from './wired.ts'

let sandbox: Sandbox
let over: Wired
let home: string
beforeAll(async () => {
  requireBuild()
  home = mkdtempSync(join(tmpdir(), 'honeydue-hostile-'))
  sandbox = await startSandbox({ postgres: true })
  over = await wired(sandbox)
})
afterAll(async () => {
  await over?.stop()
  await sandbox?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** Every report, and the plan of every procedure that has one in a healthy deployment, with the systems that it asks. */
const commands: Readonly<Record<string, readonly System[]>> = {
  'nodes:status': ['kubernetes', 'ssh'],
  'cluster:health': ['kubernetes'],
  'cache:status': ['kubernetes'],
  'cache:invalidate --user 7 --dry-run': ['kubernetes'],
  'cert:status': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'db:status': ['kubernetes', 'postgres'],
  'db:connections': ['kubernetes', 'postgres'],
  'db:locks': ['kubernetes', 'postgres'],
  'db:migrations': ['kubernetes', 'postgres', 'registry'],
  'db:migrate --dry-run': ['kubernetes', 'postgres', 'registry'],
  'db:verify-warmup': ['kubernetes'],
  'db:switch-host --to direct --dry-run': ['kubernetes', 'postgres', 'edge'],
  'deploy:restart api --dry-run': ['kubernetes'],
  'deploy:scale api --replicas 4 --dry-run': ['kubernetes', 'postgres'],
  'edge:status': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'edge:drain hetzner2 --dry-run': ['kubernetes', 'ssh', 'cloudflare', 'edge'],
  'edge:purge --host api.myhoneydue.com --dry-run': ['cloudflare', 'edge'],
  'firewall:status': ['kubernetes', 'ssh', 'cloudflare'],
  'firewall:refresh --dry-run': ['kubernetes', 'ssh', 'cloudflare'],
  doctor: ['kubernetes', 'ssh'],
}

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
const faultOf = ({ code, stdout, stderr, ms }: Ended & { readonly ms: number }, limit: number): string | undefined => {
  const text = stdout + stderr
  const document = JSON.parse(stdout.trim() === '' ? 'null' : stdout) as { exitCode?: number } | null
  if (ms > limit) return `took ${(ms / 1000).toFixed(1)} s`
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
  const systems = [...new Set(Object.values(commands).flat())]
  for (const system of systems) {
    const wire = over.wires[system]
    Object.assign(wire, { fault, only: undefined, seen: 0 })
    const asked = Object.entries(commands).filter(([, uses]) => uses.includes(system))
    // A slow wire makes everything slow: it has to end, and well; how soon is the wire's affair.
    const limit = fault === 'delay' || fault === 'drip' ? 45_000 : patience
    await allOf(asked, fault === 'stall' ? 8 : 4, async ([command]) => {
      const ended = await run(command)
      const wrong = faultOf(ended, limit)
      tried++
      if (limit === patience) longest = Math.max(longest, ended.ms)
      if (wrong !== undefined) lost.push(`${system} ${fault}, ${command}: ${wrong}`)
    })
    wire.fault = undefined
  }
  count(task.meta, { of: `one system behind a wire that is bad: ${fault}`, tried, lost, longest })
})

test('each connection in turn is cut, stalled or ended early: the others carry the command', async ({ task }) => {
  let longest = 0
  const lost: string[] = []
  let tried = 0
  for (const command of ['nodes:status', 'db:status', 'edge:status', 'db:switch-host --to direct --dry-run']) {
    for (const fault of ['reset', 'stall', 'truncate'] as const) {
      for (const system of commands[command] ?? []) {
        const wire = over.wires[system]
        Object.assign(wire, { fault, seen: 0 })
        for (let only = 0; only < 4; only++) {
          Object.assign(wire, { only, seen: 0 })
          const ended = await run(command)
          tried++
          longest = Math.max(longest, ended.ms)
          const wrong = faultOf(ended, patience)
          if (wrong !== undefined) lost.push(`${system} ${fault} of connection ${only}, ${command}: ${wrong}`)
          if (wire.seen <= only) break
        }
        Object.assign(wire, { fault: undefined, only: undefined })
      }
    }
  }
  count(task.meta, { of: 'one connection of a command at a time: reset, stall, truncate', tried, lost, longest })
})
