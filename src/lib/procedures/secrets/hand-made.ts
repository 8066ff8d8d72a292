import type { Context } from '../../plan/context.ts'
import { every, holds } from '../../plan/finding.ts'
import type { Step } from '../../plan/procedure.ts'
import type { Name, Readers } from '../../systems/systems.ts'
import { type Companion, dropCompanion, gatherCompanion, keepCompanion, type Paired, setCompanion } from './companion.ts'
import { keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { type Asked, type AskedFacts, goesUntried, letsIn, theOldEnds } from './let-in.ts'
import { gatherRotation } from './rotation-facts.ts'
import type { Rotated, RotationFacts, RotationWish, ValueFacts } from './rotation-types.ts'
import { restarts, setInSecret } from './secret-steps.ts'

/** A secret that a human makes at a provider, who lets the old and the new one in until the old one is revoked there. */
export interface HandMade<N extends Name> extends Asked<N, HandMadeFacts> {
  find(environment: Context['environment'], look: Readers<Base>): Promise<Place>
  /** Why nobody can be asked with it: then it is put in use untried, and that is typed. */
  untried?(look: Readers<N>): string | undefined
  /** What goes with it and is no secret, such as its id: by its name in the ConfigMap, and what the new one's is. */
  goesWith?(
    environment: Context['environment'],
    wish: Pick<RotationWish, 'from' | 'typed'>,
    look: Readers<Base>,
  ): Promise<Paired | undefined>
  /** Who has it by another way than the Secret, and is changed over by a human before the old one ends. */
  beside?(environment: Context['environment']): string | undefined
}

/** Where it stands, and whom it is for. */
interface Place extends Pick<Rotated, 'secret' | 'key' | 'called' | 'source' | 'pulls' | 'lines' | 'half' | 'form'> {
  /** Where a new one is made, and the old one revoked: "Fastmail: an app password". */
  readonly at: string
  /** Who is asked whether it lets in: "smtp.fastmail.com". */
  readonly by: string
}

export interface HandMadeFacts extends RotationFacts, Omit<AskedFacts, keyof ValueFacts> {
  readonly companion: Companion | undefined
}

type Base = 'checkout' | 'kube'

/** The rotation of such a secret: proved by use before anything changes, and again once every pod has it; then a human revokes the old one. */
export const handMade = <N extends Name>(one: HandMade<N>): Kind<HandMadeFacts, Base | N> => ({
  gather: async (wish, look, context) => {
    const base = look as unknown as Readers<Base>
    const { at, by, ...of } = await one.find(context.environment, base)
    // Of several lines what is typed is the path of their file.
    const from = wish.from ?? (of.lines ? wish.typed?.reveal() : undefined)
    const given = of.lines ? { ...wish, from, typed: undefined } : wish
    const paired = await one.goesWith?.(context.environment, given, base)
    const [facts, companion] = await Promise.all([
      gatherRotation({ ...of, servers: [], madeAt: at }, given, base, context),
      paired && gatherCompanion(paired, base, context),
    ])
    return {
      ...facts,
      ...(companion?.in === 'Secret' && { also: companion }),
      against: every([facts.against, companion?.against ?? holds]),
      at,
      by,
      beside: one.beside?.(context.environment),
      untried: one.untried?.(look as unknown as Readers<N>),
      companion,
    }
  },
  wants: async (environment, look) => {
    const { at, lines, ...of } = await one.find(environment, look)
    return { ...of, madeAt: at, ...(lines && { path: true }) }
  },
  target: ({ by }) => [`${by}, which it is for`],
  beyond: ({ at, by, keepOld, untried }) => [
    untried === undefined
      ? `${by} lets both in until the old one is revoked at ${at}: which pod has which makes no difference meanwhile`
      : `Not proved by use, neither now nor at the end: ${untried}`,
    ...(keepOld ? ['The old one stays valid, and in a file beside the source, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    ...(facts.untried === undefined ? [letsIn(one, facts)] : []),
    ...(inUse(facts) as readonly Step<Base | N>[]),
    ...(facts.old === undefined ? [tidy(facts) as Step<Base | N>] : facts.keepOld ? [] : theOldEnds<N, HandMadeFacts>(one, facts)),
    ...(facts.companion && (facts.old === undefined || !facts.keepOld) ? [dropCompanion(facts.companion) as Step<Base | N>] : []),
  ],
})

const inUse = (facts: HandMadeFacts): readonly Step<Base>[] => {
  const { companion } = facts
  return [
    ...(companion ? [keepCompanion(companion)] : []),
    keepBoth(facts),
    ...(facts.untried === undefined ? [] : [goesUntried(facts, facts.untried)]),
    placeInSource(facts),
    ...(companion ? [placeInSource(companion)] : []),
    setInSecret(facts),
    ...(companion?.in === 'ConfigMap' ? [setCompanion(companion)] : []),
    ...restarts(facts),
  ]
}
