import { systemClock } from '../../src/lib/clock.ts'
import type { Run } from '../../src/lib/plan/perform.ts'
import type { Name, Systems } from '../../src/lib/systems/systems.ts'

/** A run that nobody watches and nothing interrupts: whatever a gate asks is so, unless `settle` says otherwise. */
export const runOf = <N extends Name>(
  systems: Pick<Systems, N>,
  needs: readonly N[],
  { clock = systemClock, settle = async () => true }: Partial<Pick<Run<N>, 'clock' | 'settle'>> = {},
): Run<N> => ({ systems, needs, clock, signal: new AbortController().signal, tell: () => {}, settle })
