import { type Finding, holds } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Name, Readers } from '../../systems/systems.ts'

/** Whether a procedure is past a point of its own: the boot, the new machine in its place. */
type Turn<N extends Name> = (look: Readers<N>) => Promise<Finding>

/** A change that is over once `over` holds, whatever it looks like, and from `past` on nothing to take back. */
export const beforeTurn = <N extends Name>(step: Change<N>, over: Turn<N>, past = over): Change<N> => {
  const { undo } = step
  return {
    ...step,
    verify: async (look) => {
      const found = await step.verify(look)
      return found.ok || !(await over(look)).ok ? found : holds
    },
    undo:
      typeof undo === 'function'
        ? async (write, look, signal) => {
            if (!(await past(look)).ok) await undo(write, look, signal)
          }
        : undo,
  }
}

/** A change that is not so before `over` holds, whatever it looks like, and that nothing takes back. */
export const afterTurn = <N extends Name>(step: Omit<Change<N>, 'undo'>, over: Turn<N>): Change<N> => ({
  ...step,
  verify: async (look) => {
    const found = await step.verify(look)
    return found.ok ? over(look) : found
  },
  undo: async () => {},
  undone: async () => holds,
})
