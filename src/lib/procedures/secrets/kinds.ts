import type { Context } from '../../plan/context.ts'
import type { Step } from '../../plan/procedure.ts'
import type { Name, Readers } from '../../systems/systems.ts'
import type { RotationWish, ValueFacts, Wanted } from './rotation-types.ts'

/** One kind of secret: how it is renewed without anybody being turned away, and how the old one ends. */
export interface Kind<F extends ValueFacts, N extends Name> {
  gather(wish: RotationWish, look: Readers<NoInfer<N>>, context: Context): Promise<F>
  /** Which value a human has to make, and where; without it, one is made here. */
  wants?(environment: Context['environment'], look: Readers<'kube' | 'checkout'>): Promise<Wanted>
  /** Lines that prove which target was read, beside where it is in use. */
  target(facts: F): readonly string[]
  beyond(facts: F): readonly string[]
  steps(facts: F): readonly Step<N>[]
}

/** What a rotation of any kind comes to, once its facts are known. */
export interface Rotation<N extends Name> {
  readonly of: ValueFacts
  readonly target: readonly string[]
  readonly beyond: readonly string[]
  readonly steps: () => readonly Step<N>[]
}

export interface Rotating<N extends Name> {
  begin(wish: RotationWish, look: Readers<N>, context: Context): Promise<Rotation<N>>
  readonly wants?: (environment: Context['environment'], look: Readers<'kube' | 'checkout'>) => Promise<Wanted>
}

/** A kind among others, whatever its own facts are. */
export const rotating = <F extends ValueFacts, N extends Name>(kind: Kind<F, N>): Rotating<N> => ({
  begin: async (wish, look, context) => {
    const of = await kind.gather(wish, look, context)
    return { of, target: kind.target(of), beyond: kind.beyond(of), steps: () => kind.steps(of) }
  },
  ...(kind.wants && { wants: kind.wants }),
})
