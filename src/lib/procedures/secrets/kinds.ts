import type { Context } from '../../plan/context.ts'
import type { Step } from '../../plan/procedure.ts'
import type { Name, Readers } from '../../systems/systems.ts'
import type { RotationFacts, RotationWish } from './rotation-facts.ts'

/** One kind of secret: how it is renewed without anybody being turned away, and how the old one ends. */
export interface Kind<F extends RotationFacts, N extends Name> {
  gather(wish: RotationWish, look: Readers<NoInfer<N>>, context: Context): Promise<F>
  /** Lines that prove which target was read, beside the Secret. */
  target(facts: F): readonly string[]
  beyond(facts: F): readonly string[]
  steps(facts: F): readonly Step<N>[]
}
