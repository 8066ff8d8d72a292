import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { parse, stringify } from 'yaml'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { type Child, type Ended, journalFolder, journalsIn, spreadOver, startProgram } from '../support/attempts.ts'
import { requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { type Case, type CaseName, caseOf } from './cases.ts'

/** `RUNS=full`: every point; otherwise some of each procedure, so that CI waits for it. */
export const full = process.env['RUNS'] === 'full'

/** So many of them, as far from each other, of each procedure other ones; all of them in the full lane. */
export const spread = <T>(all: readonly T[], most: number, id: string): readonly T[] => (full ? all : spreadOver(all, most, id))

/** What was wrong with a point: what the program said stands in the lane's output, and one line of it in the error. */
export const lost = (what: string, ...runs: readonly Ended[]): string => {
  process.stdout.write(`lost: ${what}\n${runs.map(({ code, said }) => `exit ${code}\n${said}`).join('\n')}\n`)
  return what
}

/**
 * A sandbox, the built program, and a state folder of the file's own. A lease that is abandoned after three seconds, as nobody wants to wait for thirty;
 * `lease`: after another time, where nobody has to wait for its end and a busy machine may be late with a renewal.
 */
export const useLane = ({ lease = 3 }: { readonly lease?: number } = {}) => {
  const sandbox = useSandbox({ speed: { reloadMs: 20, keepAliveMs: 0, ready: 20, terminate: 20 } })
  const { systems, close } = useSystems(sandbox)
  const state = mkdtempSync(join(tmpdir(), 'honeydue-lane-'))
  const environment = join(state, 'environment.yaml')
  const outputs: string[] = []
  beforeAll(requireBuild)
  afterAll(() => rmSync(state, { recursive: true, force: true }))
  afterEach(() => {
    // Also what was said by programs that were killed, and by those that failed.
    const all = [...outputs.splice(0), ...journals().map(({ text }) => text)]
    for (const secret of plantedValues) expect(all.some((said) => said.includes(secret))).toBe(false)
  })

  /** The world of the case, no run behind it. */
  const arrange = async (one?: Case): Promise<Readonly<Record<string, string>>> => {
    await close()
    await sandbox().reset()
    rmSync(journalFolder(state), { recursive: true, force: true })
    const given = parse(readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8')) as object
    mkdirSync(state, { recursive: true })
    writeFileSync(environment, stringify({ ...given, ...one?.settings, lease: { name: 'honeydue-operators', seconds: lease } }))
    return (await one?.world?.(sandbox())) ?? {}
  }

  const start = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Child => {
    const nowhere = words[0]?.startsWith('run:') && !['run:undo', 'run:watch'].includes(words[0])
    const place = nowhere || words.includes('--env') ? [] : ['--env', environment]
    const child = startProgram([...words, ...place], state, env)
    child.ended.then(({ said }) => outputs.push(said))
    return child
  }
  const run = (words: readonly string[], env?: NodeJS.ProcessEnv) => start(words, env).ended

  const known = new Map<string, readonly string[]>()
  /** The whole line of a procedure, with what its plan asks for where nobody can be asked. */
  const wordsOf = async (
    id: CaseName,
    values: Readonly<Record<string, string>>,
    afresh: boolean | undefined = caseOf(id).afresh,
  ): Promise<readonly string[]> => {
    const words = [...id.split(' ').slice(0, 1), ...caseOf(id).words(values)]
    const before = afresh ? undefined : known.get(id)
    if (before) return before
    const look = async () => {
      const looked = await run([...words, '--dry-run', '--json'])
      const { exitCode, plan } = JSON.parse(looked.said.slice(looked.said.indexOf('{'))) as {
        readonly exitCode: number
        readonly plan?: { readonly name: string; readonly risk: string; readonly confirm?: string }
      }
      return { looked, exitCode, plan }
    }
    let { looked, exitCode, plan } = await look()
    // On a busy machine a question may take longer than anybody waits: who cannot plan looks again.
    for (let left = 5; left > 0 && (exitCode === 9 || !plan); left--) ({ looked, exitCode, plan } = await look())
    if (!plan) throw new Error(`${id}: no plan\n${looked.said}`)
    const whole = [
      ...words,
      ...(plan.risk === 'irreversible' ? ['--plan', plan.name] : []),
      ...(plan.confirm === undefined ? [] : ['--confirm', plan.confirm]),
    ]
    if (!afresh) known.set(id, whole)
    return whole
  }
  /** The same line again; where what is left is another plan, as exit 8 says, that one is looked at and performed. */
  const runAgain = async (id: CaseName, values: Readonly<Record<string, string>>, line: readonly string[]): Promise<Ended> => {
    const again = await run(line)
    return again.code === 8 && line.includes('--plan') ? run(await wordsOf(id, values, true)) : again
  }

  const journals = () => journalsIn(state)
  /** Waits until it is so, or the program has ended. */
  const until = async (child: Child, holds: () => boolean): Promise<boolean> => {
    for (let waited = 0; waited < 60_000; waited++) {
      if (holds()) return true
      if (child.process.exitCode !== null || child.process.signalCode !== null) return false
      await sleep(1)
    }
    return false
  }
  const untilLines = (child: Child, count: number) => until(child, () => (journals()[0]?.lines.length ?? 0) >= count)

  /** The lease is free, and no journal is without an end but those of runs that were killed. */
  const tidy = async (killed: number): Promise<boolean> => {
    const lease = await systems().lease.read()
    const open = journals().filter(({ lines }) => lines.at(-1)?.type !== 'end')
    return lease?.holder === undefined && open.length <= killed
  }
  /** As it is once nothing moves any more; one that is another than is `wanted` is looked at for longer, as a busy machine may only be slow to come there. */
  const worldOf = async (id: CaseName, wanted?: string): Promise<string> => {
    const one = caseOf(id)
    let before = JSON.stringify(await one.end(sandbox()))
    for (let same = 0, rounds = 0; same < (wanted === undefined || before === wanted ? 3 : 50) && rounds < 400; rounds++) {
      await sleep(20)
      const now = JSON.stringify(await one.end(sandbox()))
      same = now === before ? same + 1 : 0
      before = now
    }
    return before
  }
  return {
    sandbox,
    systems,
    state,
    environment: () => environment,
    arrange,
    start,
    run,
    runAgain,
    wordsOf,
    journals,
    until,
    untilLines,
    tidy,
    worldOf,
  }
}

/** What the preload numbers in a run: what it writes, and its connections. */
export const pointsIn = (log: string): { readonly writes: readonly string[]; readonly connections: number } => {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  return {
    writes: lines.filter((line) => !line.startsWith('connection')).map((line) => line.replace(/^\d+ /, '')),
    connections: lines.filter((line) => line.startsWith('connection')).length,
  }
}

export const preload = `--import ${new URL('points.mjs', import.meta.url).href}`
