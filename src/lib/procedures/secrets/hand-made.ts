import { minutes } from '../../clock.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Gate, Proof, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { Secret } from '../../secret.ts'
import { spoken } from '../../spoken.ts'
import type { Name, Provers, Readers, Shown } from '../../systems/systems.ts'
import { type Companion, dropCompanion, gatherCompanion, keepCompanion, type Paired, setCompanion } from './companion.ts'
import type { Kind } from './kinds.ts'
import { gatherRotation, type Rotated, type RotationFacts, type RotationWish } from './rotation-facts.ts'
import { dropBoth, hasLive, inFile, keepBoth, placeInSource, restarts, setInSecret, soaked, tidy } from './rotation-steps.ts'

/** What whoever a value is for says to it; `put off`: that says nothing of the value. */
export type Said = { readonly is: 'let in' } | { readonly is: 'refused' | 'put off'; readonly because: string; readonly next?: string }

/** A secret that a human makes at a provider, who lets the old and the new one in until the old one is revoked there. */
export interface HandMade<N extends Name> {
  find(environment: Context['environment'], look: Readers<Base>): Promise<Place>
  /** Uses this value, or the live one, for nothing but a login. Throws where nobody answers. */
  ask(look: Readers<N>, facts: HandMadeFacts, value?: Secret): Promise<Said>
  /** Why nobody can be asked with it: then it is put in use untried, and that is typed. */
  untried?(look: Readers<N>): string | undefined
  /** What goes with it and is no secret, such as its id: by its name in the ConfigMap, and what the new one's is. */
  goesWith?(
    environment: Context['environment'],
    wish: Pick<RotationWish, 'from' | 'typed'>,
    look: Readers<Base>,
  ): Promise<Paired | undefined>
  /** The same by hand, with what is in a file; without it, a person looks. */
  shows?(prove: Provers<N>, file: string, wanted: boolean): Shown
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

export interface HandMadeFacts extends RotationFacts {
  readonly at: string
  readonly by: string
  readonly beside: string | undefined
  readonly untried: string | undefined
  readonly companion: Companion | undefined
}

type Base = 'checkout' | 'kube'

/** A file's proof by hand, where there is one. */
const shown = <N extends Name>({ shows }: HandMade<N>, file: string, wanted: boolean) =>
  shows && { shows: (prove: Provers<Base | N>) => shows(prove as unknown as Provers<N>, file, wanted) }

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
    ...(facts.old === undefined ? [tidy(facts) as Step<Base | N>] : facts.keepOld ? [] : theOldEnds(one, facts)),
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

/** Asked after both values are on the disk, and before anything live changes. */
const goesUntried = (facts: HandMadeFacts, untried: string): Gate<Base> => ({
  title: 'Type the name, to put it in use untried',
  ask: `Whether the new ${facts.called} works cannot be tried before it is in use: ${untried}. ${facts.beside ?? `See that it was made for this deployment, at ${facts.at}.`}`,
  typed: true,
  needless: (look) => hasLive(facts, facts.next, look),
})

const finding = (by: string, which: string, said: Said): Finding =>
  said.is === 'let in'
    ? holds
    : fails(
        said.is === 'refused'
          ? `${by} refuses ${which}: ${said.because}`
          : `${by} does not say whether it lets ${which} in: ${said.because}`,
        said.next,
      )

const letsIn = <N extends Name>(one: HandMade<N>, facts: HandMadeFacts): Proof<Base | N> => ({
  title: `${facts.by} lets the new one in`,
  holds: async (look) => finding(facts.by, `the new ${facts.called}`, await one.ask(look as unknown as Readers<N>, facts, facts.next)),
  // Where it came in a file, that is what is tried; what is typed by hand is kept first.
  ...(facts.from !== undefined && shown(one, facts.from, true)),
})

/** Nobody but its provider ends the old one, and a human does it there; it is seen to be dead before its file is taken away. */
const theOldEnds = <N extends Name>(one: HandMade<N>, facts: HandMadeFacts): readonly Step<Base | N>[] => {
  const { called: key, at, by, soak, old, beside } = facts
  if (facts.untried !== undefined) return theOldEndsUnseen(facts)
  const refused = async (look: Readers<Base | N>): Promise<Finding> => {
    if (old === undefined) return holds
    const said = await one.ask(look as unknown as Readers<N>, facts, old)
    if (said.is === 'put off') return finding(by, `the old ${key}`, said)
    return when(said.is === 'refused', `${by} lets the old ${key} in still: it is revoked at ${at}`)
  }
  const gate: Gate<Base | N> = {
    title: 'Revoke the old one, then type the name',
    ask: `The new ${key} is in use. ${beside === undefined ? '' : `${beside} `}Revoke the old one now at ${at}: whoever still has it is turned away from then on, and nothing takes that back.`,
    typed: true,
    needless: refused,
  }
  const dead: Proof<Base | N> = {
    title: `${by} refuses the old one`,
    onlyAfterwards: true,
    holds: refused,
    within: minutes(5),
    // A server that puts off every login refuses nothing: the new one is let in at the same time.
    ...(one.shows && {
      shows: (prove: Provers<Base | N>) =>
        both(
          one.shows?.(prove as unknown as Provers<N>, inFile(facts, 'new').file, true) ?? { lines: [] },
          one.shows?.(prove as unknown as Provers<N>, inFile(facts, 'old').file, false) ?? { lines: [] },
        ),
    }),
  }
  return [
    soaked<Base | N>(facts, {
      title: `It is used for ${spoken(soak)}, and ${by} lets it in`,
      holds: async (look) => finding(by, `the live ${key}`, await one.ask(look as unknown as Readers<N>, facts)),
      ...shown(one, inFile(facts, 'new').file, true),
    }),
    gate,
    dead,
    dropBoth<N>(
      facts,
      (look) => hasLive(facts, facts.next, look as unknown as Readers<Base>),
      'the old one is revoked, and nobody has it any more',
    ),
  ]
}

/** The same where nobody says whether a value is let in: what is seen is that every pod has the new one. */
const theOldEndsUnseen = <N extends Name>(facts: HandMadeFacts): readonly Step<Base | N>[] => {
  const { called, at, soak } = facts
  const inSecret = (look: Readers<Base | N>) => hasLive(facts, facts.next, look as unknown as Readers<Base>)
  const gate: Gate<Base | N> = {
    title: 'Revoke the old one, then type the name',
    ask: `Every pod has the new ${called}. See that what it is for works: nobody else can. Then revoke the old one at ${at}; whether it is dead is not seen from here, and nothing takes that back.`,
    typed: true,
  }
  return [
    soaked<Base | N>(facts, { title: `Every pod has had it for ${spoken(soak)}`, holds: inSecret }),
    gate,
    dropBoth<N>(facts, inSecret, 'the old one is revoked, and nobody has it any more'),
  ]
}
