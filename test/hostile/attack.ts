import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { parse, stringify } from 'yaml'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import type { SandboxOptions } from '../../src/lib/sandbox/sandbox.ts'
import { type Child, type Ended, honest, type JournalLine, journalsIn, startProgram } from '../support/attempts.ts'
import { requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { type AttackedId, attackedOf, worldOf } from './attacked.ts'
import { type Wired, wired } from './wired.ts'

interface Looked {
  readonly exitCode: number
  readonly plan?: { readonly name: string; readonly environment: string; readonly subject: string; readonly risk: string }
}

/** What a run meets; returns what ends it, where that has no end of its own. */
// biome-ignore lint/suspicious/noConfusingVoidType: most have an end of their own
type Meeting = (child: Child) => void | (() => void) | Promise<void>

/** A sandbox behind wires, the built program, and a state folder that each attempt begins anew. */
export const useAttack = (options: SandboxOptions = {}) => {
  const sandbox = useSandbox({
    postgres: true,
    ...options,
    speed: { ready: 1, terminate: 1, reloadMs: 5, keepAliveMs: 0, ...options.speed },
  })
  const { systems, close } = useSystems(sandbox)
  let over: Wired
  let state = ''
  let environment = ''
  beforeAll(async () => {
    requireBuild()
    // A lease that is abandoned after three seconds: nobody wants to wait for thirty.
    over = await wired(sandbox(), { lease: { name: 'honeydue-operators', seconds: 3 } })
  }, 120_000)
  afterAll(async () => {
    await over?.stop()
    rmSync(state, { recursive: true, force: true })
  })

  const start = (words: readonly string[]): Child => startProgram([...words, '--env', environment], state, { NO_COLOR: '1' })
  const run = (words: readonly string[]): Promise<Ended> => start(words).ended

  const journals = () => journalsIn(state)
  /** Waits until the first journal has so many whole lines, or the program has ended: false. */
  const untilLines = async (child: Child, count: number): Promise<boolean> => {
    while (child.process.exitCode === null && child.process.signalCode === null) {
      if ((journals()[0]?.lines.length ?? 0) >= count) return true
      await sleep(1)
    }
    return false
  }

  const arranged = async (id: AttackedId): Promise<readonly string[]> => {
    const { words, arrange } = attackedOf(id)
    return [...id.split(' '), ...words, ...((await arrange?.(sandbox())) ?? [])]
  }
  /** What confirms these words in the worlds of `attacked`. */
  const routine = new Map<string, readonly string[]>()
  /** As it starts, in the worlds where each of these procedures has work; returns what is typed for each. */
  const freshFor = async (...ids: readonly AttackedId[]): Promise<readonly (readonly string[])[]> => {
    await close()
    await sandbox().reset()
    if (state) rmSync(state, { recursive: true, force: true })
    state = mkdtempSync(join(tmpdir(), 'honeydue-attack-'))
    for (const wire of Object.values(over.wires)) Object.assign(wire, { fault: undefined, only: undefined })
    // In a world of the caller's own the same words may weigh more.
    if (ids.length === 0) routine.clear()
    environment = over.environment
    const settings = ids.map((id) => attackedOf(id).settings ?? {})
    if (settings.some((one) => Object.keys(one).length > 0)) {
      environment = join(state, 'environment.yaml')
      writeFileSync(environment, stringify(Object.assign(parse(readFileSync(over.environment, 'utf8')), ...settings)), { mode: 0o600 })
    }
    const lines: (readonly string[])[] = []
    for (const id of ids) lines.push(await arranged(id))
    return lines
  }
  const fresh = async (id: AttackedId): Promise<readonly string[]> => (await freshFor(id))[0] ?? []

  /** The same words with what confirms them, as somebody types it who has looked at the plan. */
  const confirmed = async (words: readonly string[]): Promise<readonly string[]> => {
    const known = routine.get(words.join(' '))
    if (known) return [...words, ...known]
    const look = async (): Promise<Looked> => {
      const { said } = await run([...words, '--dry-run', '--json'])
      // What it says while it looks stands before the document.
      return JSON.parse(said.slice(said.indexOf('\n{') + 1)) as Looked
    }
    let { exitCode, plan } = await look()
    // On a busy machine a question may take longer than anybody waits: who cannot plan looks again.
    for (let again = 0; again < 5 && (exitCode === 9 || !plan); again++) ({ exitCode, plan } = await look())
    // What it acts on is gone already: the run says so itself.
    if (!plan && (exitCode === 2 || exitCode === 3)) return words
    if (!plan) throw new Error(`${words.join(' ')}: no plan, exit ${exitCode}`)
    const confirm = ['--confirm', `${plan.environment}/${plan.subject}`]
    if (plan.risk === 'irreversible') return [...words, ...confirm, '--plan', plan.name]
    routine.set(words.join(' '), confirm)
    return [...words, ...confirm]
  }
  /** Plans, and does what was planned. */
  const carryOut = async (words: readonly string[]): Promise<Ended> => run(await confirmed(words))

  /** What is wrong, if anything, with what it said and left of its own. */
  const told = (ended: readonly Ended[]): string | undefined => {
    const text = [...ended.map(({ said }) => said), ...journals().map((one) => one.text)].join('\n')
    if (plantedValues.some((value) => text.includes(value))) return 'a secret was said'
    if (/\n\s+at .*\(.*:\d+:\d+\)|\(node:\d+\)/.test(text)) return 'a stack or a warning of Node was printed'
    return undefined
  }

  /**
   * One point: the procedure in its world, met by `meet` while it runs, and run again where it did not come to its end. What was wrong with it;
   * undefined: it survived.
   */
  const survives = async (id: AttackedId, end: string, meet: Meeting): Promise<string | undefined> => {
    const words = await fresh(id)
    const child = start(await confirmed(words))
    const heal = await meet(child)
    const first = await child.ended
    heal?.()
    for (const wire of Object.values(over.wires)) Object.assign(wire, { fault: undefined, only: undefined })
    const left = await worldOf(sandbox())
    const because = (what: string, ...ended: readonly Ended[]) =>
      `${what}\n${ended.map(({ code, said }) => `exit ${code}: ${said}`).join('\n')}`
    if (!honest.includes(first.code)) return because(`ended with ${first.code}`, first)
    if (first.code === 0 && left !== end) return because(`said that it is done, and it is not: ${left} instead of ${end}`, first)
    const again = first.code === 0 ? first : await carryOut(words)
    const ended = again.code === 0 || (attackedOf(id).gone === true && (again.code === 2 || again.code === 3))
    const world = await worldOf(sandbox())
    if (!ended) return because(`run again, it ended with ${again.code}`, first, again)
    if (world !== end) return because(`run again, it came to another end: ${world} instead of ${end}`, first, again)
    const lease = await systems().lease.read()
    if (lease?.holder !== undefined) return because(`it left its lease: ${lease.holder}`, first, again)
    return told([first, again])
  }
  /** The end that a run comes to which nothing disturbs, and the lines of its journal. */
  const undisturbed = async (
    id: AttackedId,
    before: () => void = () => {},
  ): Promise<{ readonly end: string; readonly lines: readonly JournalLine[] }> => {
    let ended: Ended
    // On a busy machine an answer may come too late: nothing was changed then, and it is begun anew.
    for (let again = 0; ; again++) {
      const line = await confirmed(await fresh(id))
      before()
      ended = await run(line)
      if (ended.code === 0) break
      if (again === 3 || ![3, 9].includes(ended.code ?? 1)) throw new Error(`${id}: exit ${ended.code}\n${ended.said}`)
    }
    return { end: await worldOf(sandbox()), lines: journals()[0]?.lines ?? [] }
  }

  return {
    sandbox,
    systems,
    wires: () => over.wires,
    fresh,
    freshFor,
    start,
    confirmed,
    journals,
    untilLines,
    told,
    survives,
    undisturbed,
  }
}
