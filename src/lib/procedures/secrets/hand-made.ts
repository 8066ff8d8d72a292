import { minutes } from '../../clock.ts'
import type { Context } from '../../plan/context.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Gate, Proof, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { Secret } from '../../secret.ts'
import { spoken } from '../../spoken.ts'
import type { Name, Provers, Readers, Shown } from '../../systems/systems.ts'
import type { Kind } from './kinds.ts'
import { gatherRotation, type RotationFacts } from './rotation-facts.ts'
import { dropBoth, hasLive, inFile, keepBoth, placeInSource, restarts, setInSecret, soaked, tidy } from './rotation-steps.ts'

/** What whoever a value is for says to it; `put off`: that says nothing of the value. */
export type Said = { readonly is: 'let in' } | { readonly is: 'refused' | 'put off'; readonly because: string; readonly next?: string }

/** A secret that a human makes at a provider, who lets the old and the new one in until the old one is revoked there. */
export interface HandMade<N extends Name> {
  readonly of: (environment: Context['environment']) => { readonly secret: string; readonly key: string }
  /** Where a new one is made, and the old one revoked: "Fastmail: Settings, Privacy & Security, App passwords". */
  readonly at: (environment: Context['environment']) => string
  /** Who is asked whether it lets in: "smtp.fastmail.com". */
  readonly by: (environment: Context['environment']) => string
  /** Uses this value, or the live one, for nothing but a login. Throws where nobody answers. */
  ask(look: Readers<N>, value?: Secret): Promise<Said>
  /** The same by hand, with what is in a file. */
  shows(prove: Provers<N>, file: string, wanted: boolean): Shown
}

interface HandMadeFacts extends RotationFacts {
  readonly at: string
  readonly by: string
}

type Base = 'checkout' | 'kube'

/** The rotation of such a secret: proved by use before anything changes, and again once every pod has it; then a human revokes the old one. */
export const handMade = <N extends Name>(one: HandMade<N>): Kind<HandMadeFacts, Base | N> => ({
  gather: async (wish, look, context) => {
    const { environment } = context
    const [at, by] = [one.at(environment), one.by(environment)]
    const facts = await gatherRotation({ ...one.of(environment), servers: [], madeAt: at }, wish, look as unknown as Readers<Base>, context)
    return { ...facts, at, by }
  },
  wants: (environment) => ({ ...one.of(environment), madeAt: one.at(environment) }),
  target: ({ by }) => [`${by}, which it is for`],
  beyond: ({ at, by, keepOld }) => [
    `${by} lets both in until the old one is revoked at ${at}: which pod has which makes no difference meanwhile`,
    ...(keepOld ? ['The old one stays valid, and in a file beside the source, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    letsIn(one, facts),
    ...([keepBoth(facts), placeInSource(facts), setInSecret(facts), ...restarts(facts)] as readonly Step<Base | N>[]),
    ...(facts.old === undefined ? [tidy(facts) as Step<Base | N>] : facts.keepOld ? [] : theOldEnds(one, facts)),
  ],
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
  holds: async (look) => finding(facts.by, `the new ${facts.key}`, await one.ask(look as unknown as Readers<N>, facts.next)),
  // Where it came in a file, that is what is tried; what is typed by hand is kept first.
  ...(facts.from !== undefined && {
    shows: (prove: Provers<Base | N>) => one.shows(prove as unknown as Provers<N>, facts.from ?? '', true),
  }),
})

/** Nobody but its provider ends the old one, and a human does it there; it is seen to be dead before its file is taken away. */
const theOldEnds = <N extends Name>(one: HandMade<N>, facts: HandMadeFacts): readonly Step<Base | N>[] => {
  const { key, at, by, soak, old } = facts
  const refused = async (look: Readers<Base | N>): Promise<Finding> => {
    if (old === undefined) return holds
    const said = await one.ask(look as unknown as Readers<N>, old)
    if (said.is === 'put off') return finding(by, `the old ${key}`, said)
    return when(said.is === 'refused', `${by} lets the old ${key} in still: it is revoked at ${at}`)
  }
  const gate: Gate<Base | N> = {
    title: 'Revoke the old one, then type the name',
    ask: `Every pod has the new ${key}. Revoke the old one now at ${at}: whoever still has it is turned away from then on, and nothing takes that back.`,
    typed: true,
    needless: refused,
  }
  const dead: Proof<Base | N> = {
    title: `${by} refuses the old one`,
    onlyAfterwards: true,
    holds: refused,
    within: minutes(5),
    // A server that puts off every login refuses nothing: the new one is let in at the same time.
    shows: (prove) => {
      const shows = (which: 'new' | 'old') => one.shows(prove as unknown as Provers<N>, inFile(facts, which).file, which === 'new')
      return both(shows('new'), shows('old'))
    },
  }
  return [
    soaked<Base | N>(facts, {
      title: `It is used for ${spoken(soak)}, and ${by} lets it in`,
      holds: async (look) => finding(by, `the live ${key}`, await one.ask(look as unknown as Readers<N>)),
      shows: (prove) => one.shows(prove as unknown as Provers<N>, inFile(facts, 'new').file, true),
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
