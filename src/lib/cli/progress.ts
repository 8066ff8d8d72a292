import { Listr, ListrLogger, ListrLogLevels, ProcessOutput } from 'listr2'
import { type Duration, seconds } from '../clock.ts'
import type { RunEvent, StepState } from '../plan/outcome.ts'
import type { PlannedStep } from '../plan/plan.ts'
import { shown } from './shown.ts'
import { waitWords } from './wait-words.ts'

/** Draws a run on standard error as its events tell it: a spinner on a terminal, plain lines without. The engine alone decides what runs. */
export interface Progress {
  readonly tell: (event: RunEvent) => Promise<void>
  /** One line beside the step that is under way. */
  readonly say: (text: string) => void
  /** Resolves when the last line stands. */
  readonly end: () => Promise<void>
}

const words: Readonly<Record<StepState, string>> = {
  done: '',
  proven: '',
  settled: '',
  already: 'already so',
  half: 'half done',
  undone: 'undone since by somebody else',
  unverified: 'not seen to hold',
  untouched: 'not begun',
}
const wentWell = (state: StepState): boolean => state === 'done' || state === 'proven' || state === 'settled' || state === 'already'

interface Drawn {
  title: string
  output: string
}

/** A step's line stays open until the engine settles it. */
const stepLine = (step: PlannedStep, terminal: boolean) => {
  let begin = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  let settle = (_state: StepState) => {}
  const settled = new Promise<StepState>((resolve) => {
    settle = resolve
  })
  let drawn: Drawn | undefined
  let output = ''
  return {
    /** Resolves when the line stands on the screen. */
    begun,
    settle,
    print: (text: string) => {
      output = shown(text)
      if (drawn) drawn.output = output
    },
    task: {
      title: shown(step.title),
      task: async (_: unknown, task: Drawn): Promise<void> => {
        drawn = task
        if (output) task.output = output
        begin()
        const state = await settled
        // Plain lines have a place of their own for why a step failed.
        if (words[state] && (terminal || wentWell(state))) task.title = `${shown(step.title)} (${words[state]})`
        if (!wentWell(state)) throw new Error(words[state])
      },
    },
  }
}

/** Steps up to the next gate: at a gate the question stands alone on the screen, so the drawing before it ends. */
const stretchFrom = (steps: readonly PlannedStep[], first: number): readonly number[] => {
  const after = steps.findIndex(({ kind }, i) => i >= first && kind === 'gate')
  return steps.map((_, i) => i).slice(first, after < 0 ? undefined : after)
}

/** Words in place of marks where nothing moves: logs are read by people and by grep. */
const plainIcons = {
  [ListrLogLevels.STARTED]: 'begin  ',
  [ListrLogLevels.COMPLETED]: 'done   ',
  [ListrLogLevels.FAILED]: 'failed ',
  [ListrLogLevels.OUTPUT]: '       ',
}

/** In a log, a wait that goes on is told so often that it goes on. */
const heartbeat = seconds(15)

/** `usual`: how long each step took in earlier runs, where any is known; `every`: how often a wait is told again in a log. */
export const drawRun = (
  steps: readonly PlannedStep[],
  terminal: boolean,
  usual: readonly (Duration | undefined)[] = [],
  every: Duration = heartbeat,
): Progress => {
  const lines = steps.map((step) => stepLine(step, terminal))
  // listr2 writes to what it takes for standard output: here that is standard error.
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stdout), useIcons: true })
  let running: Promise<void> = Promise.resolve()
  let stretch: readonly number[] = []
  let under: { readonly index: number; readonly since: number; readonly because: string; readonly within: Duration | undefined } | undefined

  const draw = (first: number) => {
    stretch = stretchFrom(steps, first)
    if (stretch.length === 0) return
    const options = {
      registerSignalListeners: false,
      collectErrors: false as const,
      exitOnError: true,
      renderer: terminal ? ('default' as const) : ('simple' as const),
      rendererOptions: { logger, showErrorMessage: false, ...(!terminal && { icon: plainIcons }) },
    }
    const tasks = stretch.flatMap((i) => lines[i]?.task ?? [])
    running = new Listr(tasks, options).run().then(
      () => {},
      () => {},
    )
  }

  const show = () => {
    if (!under) return
    const { index, because, within } = under
    const elapsed = performance.now() - under.since
    // How long it usually takes is said of waits, and of what takes longer than a glance.
    const told = waitWords(because, { elapsed, within, usual: within === undefined ? undefined : usual[index] })
    lines[index]?.print(terminal ? told : `${new Date().toISOString().slice(0, 19)}Z  ${told}`)
  }
  const ticking = setInterval(show, terminal ? 1000 : every)
  const follow = (index: number, because: string, within?: number) => {
    const changed = under?.index !== index || under.because !== because
    under = { index, because, within, since: under?.index === index ? under.since : performance.now() }
    if (terminal || changed) show()
  }
  /** In a log, work that goes on is told at the next heartbeat. */
  const work = (index: number, soFar: string) => {
    if (terminal) return follow(index, soFar)
    if (under?.index === index) under = { ...under, because: soFar }
  }

  draw(0)
  return {
    tell: async (event) => {
      if (event.type === 'underway') return work(event.index, event.soFar)
      if (event.type !== 'settled') {
        // The run waits for its own picture: what is about to change is seen before it changes.
        await Promise.race([lines[event.index]?.begun, running])
        const applying = event.type === 'step' && event.phase === 'applying'
        if (event.type === 'waiting') return follow(event.index, event.because, event.within)
        return follow(event.index, applying ? 'applying' : 'looking whether it holds')
      }
      under = undefined
      lines[event.index]?.settle(event.state)
      const ends = event.index === stretch.at(-1) || !wentWell(event.state)
      if (ends && steps[event.index]?.kind !== 'gate') await running
      if (steps[event.index]?.kind === 'gate' && wentWell(event.state)) draw(event.index + 1)
    },
    say: (text) => {
      if (under) follow(under.index, text)
      else process.stderr.write(`${shown(text)}\n`)
    },
    end: async () => {
      clearInterval(ticking)
      for (const line of lines) line.settle('untouched')
      await running
    },
  }
}
