import { writable } from '../../facts/checkout/writable.ts'
import { shownSource } from '../../facts/secrets/sources.ts'
import { later } from '../../later.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Name, Provers, Readers, Writers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { same } from './how-far.ts'
import type { RotationFacts, ValueFacts } from './rotation-types.ts'

export type Files = 'kube' | 'checkout'

/** A value with the file in which an operator has it. */
export const inFile = (facts: Pick<ValueFacts, 'base' | 'folder' | 'next' | 'old'>, which: 'new' | 'old') => ({
  ...later(async () => (which === 'new' ? facts.next : (facts.old ?? facts.next))),
  file: `${facts.folder}/${valueFiles(facts.base)[which]}`,
})

const hasSource = async ({ source, next }: Pick<RotationFacts, 'source' | 'next'>, { checkout }: Readers<'checkout'>): Promise<Finding> =>
  when(same(await checkout.value(source), next), `${shownSource(source)} is another value`)

const filesOf = async ({ base }: Pick<ValueFacts, 'base'>, { checkout }: Readers<'checkout'>) => {
  const files = valueFiles(base)
  const [kept, before] = await Promise.all([checkout.secret(files.new), checkout.secret(files.old)])
  return { kept, before }
}

/** Before anything live changes, both values are on the disk: whenever a run is killed, they are found again. */
export const keepBoth = (facts: ValueFacts): Change<Files> => {
  const { base, called, live, source, lines, half, next, old, from, typed } = facts
  const files = valueFiles(base)
  return {
    title: 'Keep the old and the new value beside the source',
    effect: [
      { what: files.old, before: 'absent', after: `${called} as it is, for this user alone` },
      {
        what: files.new,
        before: 'absent',
        after: `${from === undefined ? (typed ? 'what was typed' : 'a new value') : `the value of ${from}`}, for this user alone`,
      },
    ],
    check: async (look) => every([facts.against, await writable(look, [files.new, files.old, ...(source ? [source.file] : [])])]),
    apply: async (write) => {
      await write.checkout.keepOldValue({
        base,
        value: old ?? next,
        live: live.from,
      })
      await write.checkout.keepNewValue({
        base,
        value: next,
        ...(from === undefined ? typed && { typed: true } : { from }),
        ...(lines && { lines: true }),
        ...(half && { half: true }),
      })
    },
    verify: async (look) => {
      const { kept, before } = await filesOf(facts, look)
      if (same(kept, next) && (old === undefined || same(before, old))) return holds
      const over = every([await live.has(next, look), source ? await hasSource({ source, next }, look) : holds])
      return kept === undefined && over.ok ? holds : fails(`${files.new} and ${files.old} are not there`)
    },
    shows: (prove) => prove.checkout.kept({ base }),
    undo: {
      last: async (write) => {
        await write.checkout.dropOldValue({ base })
        await write.checkout.dropNewValue({ base })
      },
    },
    undone: async (look) => {
      const { kept, before } = await filesOf(facts, look)
      return when(kept === undefined && before === undefined, `${files.new} is still there`)
    },
  }
}

/** What the next 02-setup-secrets.sh and the next deploy read. It may have been another value than the live one: that is what is put back. */
export const placeInSource = (
  facts: Pick<RotationFacts, 'base' | 'source' | 'line' | 'lines' | 'next' | 'old' | 'before' | 'against'>,
): Change<Files> => {
  const { base, source, line, lines, next, old, before = old } = facts
  const place = { base, source, ...(line !== undefined && { line }), ...(lines && { lines: true as const }) }
  return {
    title: `Put the new value into ${source.file.split('/').at(-1)}`,
    effect: [
      {
        what: shownSource(source),
        before: old === undefined || same(before, old) ? 'the old value' : 'a value that is not the live one',
        after: 'the new value',
      },
    ],
    check: async () => facts.against,
    apply: (write) => write.checkout.placeValue({ ...place, value: next }),
    verify: (look) => hasSource(facts, look),
    shows: (prove) => prove.checkout.placed({ base, source, ...(lines && { lines: true }) }),
    undo: (write) => write.checkout.placeValue({ ...place, value: before ?? next }),
    undone: async ({ checkout }) => when(same(await checkout.value(source), before), `${shownSource(source)} is not the old value`),
  }
}

/** The end of the old value's files, and of the new one's: it stands in its source and in the Secret. */
export const dropFiles = ({ base }: Pick<ValueFacts, 'base'>) => ({
  drop: async (write: Parameters<Change<Files>['apply']>[0]): Promise<void> => {
    await write.checkout.dropOldValue({ base })
    await write.checkout.dropNewValue({ base })
  },
  dropped: async ({ checkout }: Readers<'checkout'>): Promise<Finding> => {
    const files = valueFiles(base)
    const left = await Promise.all([checkout.secret(files.old), checkout.secret(files.new)])
    return when(
      left.every((one) => one === undefined),
      `${files.old} or ${files.new} is still there`,
    )
  },
})

/** Where all of it is done but what a killed run left of its files. */
export const tidy = (facts: ValueFacts): Change<Files> => {
  const { drop, dropped } = dropFiles(facts)
  return {
    title: 'Take away what an earlier run left of its files',
    effect: [{ what: valueFiles(facts.base).new, before: 'there', after: 'absent' }],
    apply: drop,
    verify: dropped,
    shows: (prove) => prove.checkout.dropped({ base: facts.base }),
    undo: { impossible: 'the source and the Secret have the value' },
  }
}

/** The end of both files, once it is `done` that the old one is worth nothing; before the change there are none either, and it is not done. */
export const dropBoth = <N extends Name>(
  facts: ValueFacts,
  done: (look: Readers<Files | N>) => Promise<Finding>,
  impossible: string,
): Change<Files | N> => {
  const { drop, dropped } = dropFiles(facts)
  return {
    title: 'Take away the files of both values',
    effect: [{ what: 'files of both values beside the source', before: 'there', after: 'absent' }],
    check: async () => facts.against,
    apply: (write) => drop(write as unknown as Writers<Files>),
    verify: async (look) => every([await done(look), await dropped(look as unknown as Readers<Files>)]),
    shows: (prove) => (prove as unknown as Provers<Files>).checkout.dropped({ base: facts.base }),
    undo: { impossible },
  }
}
