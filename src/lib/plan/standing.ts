import { type Clock, type Duration, seconds } from '../clock.ts'
import { Moved } from '../errors.ts'
import type { Name, Readers } from '../systems/systems.ts'
import { holds } from './finding.ts'
import type { StepState } from './outcome.ts'
import type { PlannedStep, Prepared } from './plan.ts'
import { isChange } from './procedure.ts'

/** A change that was done, or was so already, and does not hold any more. */
export interface Fallen {
  readonly index: number
  readonly because: string
  /** What is to be typed instead of the same again, where the step says so. */
  readonly next?: string
}

/** Which of the changes that a run relies on do not hold now. What cannot be read is not known, and so has not fallen. */
export const fallenOf = async <N extends Name>(
  { steps }: Prepared<N>,
  states: readonly StepState[],
  look: Readers<N>,
): Promise<readonly Fallen[]> => {
  const asked = steps.map(async (step, index): Promise<readonly Fallen[]> => {
    if (!isChange(step) || (states[index] !== 'done' && states[index] !== 'already')) return []
    const finding = await step.verify(look).catch(() => holds)
    return finding.ok ? [] : [{ index, because: finding.because, ...(finding.next !== undefined && { next: finding.next }) }]
  })
  return (await Promise.all(asked)).flat()
}

/** Pods come and go by themselves: what does not hold is looked at again for so long before somebody is said to have undone it. */
const patience: Duration = seconds(10)
/** How often a wait looks back. */
const interval: Duration = seconds(5)

/** Looks back at what is done while a run goes on. */
export interface LookingBack {
  /** Throws Moved when something that is done has not held for as long as pods take. Returns at once where all of it holds. */
  readonly now: () => Promise<void>
  /** The same in the middle of a wait: looks now and then, and waits for nothing. */
  readonly inPassing: () => Promise<void>
  /** What has fallen, for the account after a failure. */
  readonly fallen: () => Promise<readonly Fallen[]>
}

export interface LookBack<N extends Name> {
  readonly prepared: Prepared<N>
  /** As they stand; the run goes on to write in it. */
  readonly states: readonly StepState[]
  readonly look: Readers<N>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Who changed what this step had made, where a system can say so. */
  readonly blame: ((step: PlannedStep) => Promise<string | undefined>) | undefined
}

export const lookingBack = <N extends Name>({ prepared, states, look, clock, signal, blame }: LookBack<N>): LookingBack => {
  const since = new Map<number, number>()
  let looked = clock.now().getTime()
  /** The one that has fallen for too long, if one has. */
  const tooLong = async (): Promise<Fallen | undefined> => {
    looked = clock.now().getTime()
    const fallen = await fallenOf(prepared, states, look)
    for (const index of since.keys()) if (!fallen.some((one) => one.index === index)) since.delete(index)
    for (const { index } of fallen) if (!since.has(index)) since.set(index, looked)
    return fallen.find(({ index }) => looked - (since.get(index) ?? looked) >= patience)
  }
  const moved = async ({ index, because, next }: Fallen): Promise<Moved> => {
    const step = prepared.plan.steps[index]
    const who = step && (await blame?.(step).catch(() => undefined))
    return new Moved({
      code: 'undone-meanwhile',
      failed: `What was done does not hold any more: ${step?.title}: ${because}`,
      cause: who ?? 'Somebody else, or a deploy, changed it meanwhile',
      ...(next !== undefined && { next }),
      details: (step?.effect ?? []).flatMap(({ what, after }) => [`- ${what}: ${after}`, `+ ${because}`]),
    })
  }
  return {
    now: async () => {
      for (let pause = 100; ; pause = Math.min(pause * 2, 1000)) {
        const fallen = await tooLong()
        if (fallen) throw await moved(fallen)
        if (since.size === 0) return
        await clock.sleep(pause, signal)
      }
    },
    inPassing: async () => {
      if (clock.now().getTime() - looked < (since.size > 0 ? 1000 : interval)) return
      const fallen = await tooLong()
      if (fallen) throw await moved(fallen)
    },
    fallen: async () => {
      const first = await fallenOf(prepared, states, look)
      if (first.length === 0) return []
      await clock.sleep(1000)
      const second = await fallenOf(prepared, states, look)
      return second.filter(({ index }) => first.some((one) => one.index === index))
    },
  }
}
