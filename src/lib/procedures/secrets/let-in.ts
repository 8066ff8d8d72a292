import { minutes } from '../../clock.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Gate, Proof, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { Secret } from '../../secret.ts'
import { spoken } from '../../spoken.ts'
import type { Name, Provers, Readers, Shown } from '../../systems/systems.ts'
import { dropBoth, type Files, inFile } from './kept-files.ts'
import type { ValueFacts } from './rotation-types.ts'
import { soaked } from './soaked.ts'

/** What whoever a value is for says to it; `put off`: that says nothing of the value. */
export type Said = { readonly is: 'let in' } | { readonly is: 'refused' | 'put off'; readonly because: string; readonly next?: string }

/** Whoever a value is for, and is asked whether it lets it in. */
export interface Asked<N extends Name, F extends AskedFacts> {
  /** Uses this value, or the live one, for nothing but a login. Throws where nobody answers. */
  ask(look: Readers<N>, facts: F, value?: Secret): Promise<Said>
  /** The same by hand, with what is in a file; without it, a person looks. */
  shows?(prove: Provers<N>, file: string, wanted: boolean): Shown
}

/** A value that is made and revoked at one place, and let in at another. */
export interface AskedFacts extends ValueFacts {
  /** Where a new one is made, and the old one revoked. */
  readonly at: string
  /** Who is asked. */
  readonly by: string
  readonly beside: string | undefined
  readonly untried: string | undefined
}

/** A file's proof by hand, where there is one. */
const shown = <N extends Name, F extends AskedFacts>({ shows }: Asked<N, F>, file: string, wanted: boolean) =>
  shows && { shows: (prove: Provers<Files | N>) => shows(prove as unknown as Provers<N>, file, wanted) }

/** Asked after both values are on the disk, and before anything live changes. */
export const goesUntried = (facts: AskedFacts, untried: string): Gate<Files> => ({
  title: 'Type the name, to put it in use untried',
  ask: `Whether the new ${facts.called} works cannot be tried before it is in use: ${untried}. ${facts.beside ?? `See that it was made for this deployment, at ${facts.at}.`}`,
  typed: true,
  needless: (look) => facts.live.has(facts.next, look),
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

export const letsIn = <N extends Name, F extends AskedFacts>(one: Asked<N, F>, facts: F): Proof<Files | N> => ({
  title: `${facts.by} lets the new one in`,
  holds: async (look) => finding(facts.by, `the new ${facts.called}`, await one.ask(look as unknown as Readers<N>, facts, facts.next)),
  // Where it came in a file, that is what is tried; what is typed by hand is kept first.
  ...(facts.from !== undefined && shown(one, facts.from, true)),
})

/** Nobody but its provider ends the old one, and a human does it there; it is seen to be dead before its file is taken away. */
export const theOldEnds = <N extends Name, F extends AskedFacts>(one: Asked<N, F>, facts: F): readonly Step<Files | N>[] => {
  const { called: key, at, by, soak, old, beside } = facts
  if (facts.untried !== undefined) return theOldEndsUnseen(facts)
  const refused = async (look: Readers<Files | N>): Promise<Finding> => {
    if (old === undefined) return holds
    const said = await one.ask(look as unknown as Readers<N>, facts, old)
    if (said.is === 'put off') return finding(by, `the old ${key}`, said)
    return when(said.is === 'refused', `${by} lets the old ${key} in still: it is revoked at ${at}`)
  }
  const gate: Gate<Files | N> = {
    title: 'Revoke the old one, then type the name',
    ask: `The new ${key} is in use. ${beside === undefined ? '' : `${beside} `}Revoke the old one now at ${at}: whoever still has it is turned away from then on, and nothing takes that back.`,
    typed: true,
    needless: refused,
  }
  const dead: Proof<Files | N> = {
    title: `${by} refuses the old one`,
    onlyAfterwards: true,
    holds: refused,
    within: minutes(5),
    // A server that puts off every login refuses nothing: the new one is let in at the same time.
    ...(one.shows && {
      shows: (prove: Provers<Files | N>) =>
        both(
          one.shows?.(prove as unknown as Provers<N>, inFile(facts, 'new').file, true) ?? { lines: [] },
          one.shows?.(prove as unknown as Provers<N>, inFile(facts, 'old').file, false) ?? { lines: [] },
        ),
    }),
  }
  return [
    soaked<Files | N>(facts, {
      title: `It is used for ${spoken(soak)}, and ${by} lets it in`,
      holds: async (look) => finding(by, `the live ${key}`, await one.ask(look as unknown as Readers<N>, facts)),
      ...shown(one, inFile(facts, 'new').file, true),
    }),
    gate,
    dead,
    dropBoth<N>(
      facts,
      (look) => facts.live.has(facts.next, look as unknown as Readers<Files>),
      'the old one is revoked, and nobody has it any more',
    ),
  ]
}

/** The same where nobody says whether a value is let in: what is seen is that every pod has the new one. */
const theOldEndsUnseen = <N extends Name>(facts: AskedFacts): readonly Step<Files | N>[] => {
  const { called, at, soak } = facts
  const inSecret = (look: Readers<Files | N>) => facts.live.has(facts.next, look as unknown as Readers<Files>)
  const gate: Gate<Files | N> = {
    title: 'Revoke the old one, then type the name',
    ask: `Every pod has the new ${called}. See that what it is for works: nobody else can. Then revoke the old one at ${at}; whether it is dead is not seen from here, and nothing takes that back.`,
    typed: true,
  }
  return [
    soaked<Files | N>(facts, { title: `Every pod has had it for ${spoken(soak)}`, holds: inSecret }),
    gate,
    dropBoth<N>(facts, inSecret, 'the old one is revoked, and nobody has it any more'),
  ]
}
