import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { parse, stringify } from 'yaml'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { requireBuild, root } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

/** `RUNS=full`: every point; otherwise each second or third of them, so that the lane stays under six minutes on two cores. */
export const full = process.env['RUNS'] === 'full'

/** What the lane has tried; printed at the end, with what was lost. */
const counts: Record<string, { tried: number; survived: number }> = {}
export const tried = (what: string, survived: boolean): void => {
  counts[what] ??= { tried: 0, survived: 0 }
  counts[what].tried++
  if (survived) counts[what].survived++
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>
}

interface Line {
  readonly type: string
  readonly at: string
  readonly lease?: { readonly epoch?: number }
}

/** A sandbox, the built program, and a state folder of each test's own. */
export const useLane = () => {
  const sandbox = useSandbox()
  const { systems } = useSystems(sandbox)
  let state = ''
  let environment = ''
  beforeAll(requireBuild)
  const fresh = () => {
    if (state) rmSync(state, { recursive: true, force: true })
    state = mkdtempSync(join(tmpdir(), 'honeydue-lane-'))
    // A lease that is abandoned after three seconds: nobody wants to wait for thirty.
    environment = join(state, 'environment.yaml')
    const given = parse(readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8')) as object
    writeFileSync(environment, stringify({ ...given, lease: { name: 'honeydue-operators', seconds: 3 } }))
  }
  afterEach(() => {
    for (const said of outputs.splice(0)) for (const secret of plantedValues) expect(said).not.toContain(secret)
    for (const text of journals().map(({ text }) => text)) for (const secret of plantedValues) expect(text).not.toContain(secret)
  })
  afterAll(() => {
    rmSync(state, { recursive: true, force: true })
    const lines = Object.entries(counts).map(([what, { tried, survived }]) => `${what}: ${tried} tried, ${survived} survived`)
    process.stdout.write(`${lines.join('\n')}\n`)
    for (const { tried, survived } of Object.values(counts)) expect(survived).toBe(tried)
  })
  const outputs: string[] = []

  const start = (...words: readonly string[]): Child => {
    const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...words, '--env', environment], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', XDG_STATE_HOME: state, NODE_DISABLE_COMPILE_CACHE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    const ended = new Promise<{ readonly code: number | null; readonly said: string }>((resolve) => {
      child.on('close', (code) => {
        outputs.push(said)
        resolve({ code, said })
      })
    })
    return { process: child, ended }
  }

  const folder = () => join(state, 'honeydue/runs')
  const journals = () => {
    let names: readonly string[] = []
    try {
      names = readdirSync(folder())
    } catch {
      return []
    }
    return names.map((name) => {
      const text = readFileSync(join(folder(), name), 'utf8')
      const lines = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line)
      return { name, text, lines }
    })
  }
  /** Waits until the one journal has so many whole lines, or the program has ended. */
  const untilLines = async (child: Child, count: number): Promise<boolean> => {
    for (let waited = 0; waited < 60_000; waited++) {
      if (child.process.exitCode !== null) return false
      if ((journals()[0]?.lines.length ?? 0) >= count) return true
      await sleep(1)
    }
    return false
  }
  return { sandbox, systems, fresh, start, run: (...words: readonly string[]) => start(...words).ended, journals, untilLines }
}

/** Whose world it is, without what passes by itself. */
export const outcome = (code: number | null, allowed: readonly number[]): boolean => code !== null && allowed.includes(code)
