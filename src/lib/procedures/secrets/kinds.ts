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

/** What a rotation of any kind comes to, once its facts are known. */
export interface Rotation<N extends Name> {
  readonly of: RotationFacts
  readonly target: readonly string[]
  readonly beyond: readonly string[]
  readonly steps: () => readonly Step<N>[]
}

export type Rotating<N extends Name> = (wish: RotationWish, look: Readers<N>, context: Context) => Promise<Rotation<N>>

/** A kind among others, whatever its own facts are. */
export const rotating =
  <F extends RotationFacts, N extends Name>(kind: Kind<F, N>): Rotating<N> =>
  async (wish, look, context) => {
    const of = await kind.gather(wish, look, context)
    return { of, target: kind.target(of), beyond: kind.beyond(of), steps: () => kind.steps(of) }
  }
