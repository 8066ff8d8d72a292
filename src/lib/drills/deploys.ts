import { systemClock } from '../clock.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { isSteady, restart } from './breaks.ts'

/** Seconds between two deploys of a colleague, at the least and at the most. */
const [least, most] = [60, 180]

/** A colleague rolls web or admin out now and then, where that is steady and not what is broken, until the signal. `tell`: in what words it stands in the review. */
export const makeDeploys = async (
  sandbox: Sandbox,
  {
    random,
    faster,
    signal,
    apart,
    tell,
  }: {
    readonly random: () => number
    readonly faster: number
    readonly signal: AbortSignal
    /** Of these nothing is touched. */
    readonly apart: (workload: string) => boolean
    readonly tell: (what: string) => void
  },
): Promise<void> => {
  for (;;) {
    await systemClock.sleep(((least + random() * (most - least)) * 1000) / faster, signal)
    const name = random() < 0.5 ? 'web' : 'admin'
    if (apart(name) || !isSteady(sandbox, name)) continue
    restart(sandbox, name)
    tell(`A colleague deploys ${name}: its pods are replaced by new ones.`)
  }
}
