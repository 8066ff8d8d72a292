import { type Duration, minutes, seconds } from '../../clock.ts'
import { writable } from '../../facts/checkout/writable.ts'
import { aroundPassword } from '../../facts/secrets/pull-secret.ts'
import { shownSource } from '../../facts/secrets/sources.ts'
import { later } from '../../later.ts'
import { lastRotatedNote } from '../../notes.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { Secret } from '../../secret.ts'
import { digestOf } from '../../secret-digest.ts'
import { type ShellLine, sh } from '../../shell.ts'
import { spoken } from '../../spoken.ts'
import type { Name, Provers, Readers, Shown, Writers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { type Renewal, renew } from '../config/restart-consumer.ts'
import { liveKey, type Pulls, type RotationFacts, same } from './rotation-facts.ts'

type Files = 'kube' | 'checkout'

/** A value with the file in which an operator has it. */
export const inFile = (facts: RotationFacts, which: 'new' | 'old') => ({
  ...later(async () => (which === 'new' ? facts.next : (facts.old ?? facts.next))),
  file: `${facts.folder}/${valueFiles(facts.base)[which]}`,
})

export const hasLive = async (
  { namespace, secret, key, pulls }: RotationFacts,
  value: Secret | undefined,
  { kube }: Readers<'kube'>,
): Promise<Finding> => {
  const found = await liveKey(kube, namespace, secret.name, key)
  return when(
    found !== undefined && value !== undefined && found[1].digest === digestOf(shownAs(pulls, value)),
    `${key} of the Secret is another value`,
  )
}

/** What is set in the same write has its value too. */
const hasBoth = async (facts: RotationFacts, which: 'new' | 'old', look: Readers<'kube'>): Promise<Finding> => {
  const { also } = facts
  const own = await hasLive(facts, which === 'new' ? facts.next : facts.old, look)
  if (!also || !own.ok) return own
  return hasLive({ ...facts, key: also.key, pulls: undefined }, which === 'new' ? also.next : (also.old ?? also.next), look)
}

/** From when on pods have it (RFC 3339): the server's times are whole seconds, and one that began in that of the write may have begun before it. */
const takenFrom = async (facts: RotationFacts, { kube }: Readers<'kube'>): Promise<Date | undefined> => {
  const at = (await liveKey(kube, facts.namespace, facts.secret.name, facts.key))?.[1].writtenAt
  return at && (facts.early ? new Date(at.getTime() + seconds(1)) : at)
}

/** It is there, and whoever starts now is told from whoever started before. */
const isSet = async (facts: RotationFacts, which: 'new' | 'old', look: Readers<'kube'>): Promise<Finding> => {
  const has = await hasBoth(facts, which, look)
  if (!has.ok || !facts.early) return has
  const from = await takenFrom(facts, look)
  return when((from?.getTime() ?? 0) <= facts.clock.now().getTime(), 'the second in which it was written is not over')
}

/** What is compared of a live value: of a pull secret what is sent to the registry, as the JSON around it differs with who wrote it. */
const shownAs = (pulls: Pulls | undefined, value: Secret): string => (pulls ? `${pulls.user}:${value.reveal()}` : value.reveal())

/** A value as the Secret has it, and what an operator puts around that of a file. */
const stored = ({ pulls }: RotationFacts, value: Secret) => {
  if (!pulls) return { value: later(async () => value) }
  const [before, after] = aroundPassword(pulls)
  return { value: later(async () => new Secret(`${before}${value.reveal()}${after}`)), around: [before, after] as const }
}

const hasSource = async ({ source, next }: Pick<RotationFacts, 'source' | 'next'>, { checkout }: Readers<'checkout'>): Promise<Finding> =>
  when(same(await checkout.value(source), next), `${shownSource(source)} is another value`)

const filesOf = async ({ base }: RotationFacts, { checkout }: Readers<'checkout'>) => {
  const files = valueFiles(base)
  const [kept, before] = await Promise.all([checkout.secret(files.new), checkout.secret(files.old)])
  return { kept, before }
}

/** Before anything live changes, both values are on the disk: whenever a run is killed, they are found again. */
export const keepBoth = (facts: RotationFacts): Change<Files> => {
  const { base, key, called, pulls, lines, half, namespace, secret, next, old, from, typed } = facts
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
    check: async (look) => every([facts.against, await writable(look, [files.new, files.old, facts.source.file])]),
    apply: async (write) => {
      await write.checkout.keepOldValue({
        base,
        value: old ?? next,
        live: { namespace, name: secret.name, key, ...(pulls && { password: true }) },
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
      const over = every([await hasLive(facts, next, look), await hasSource(facts, look)])
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

/** What the next 02-setup-secrets.sh and the next deploy read. */
export const placeInSource = (
  facts: Pick<RotationFacts, 'base' | 'source' | 'line' | 'lines' | 'next' | 'old' | 'against'>,
): Change<Files> => {
  const { base, source, line, lines, next, old } = facts
  const place = { base, source, ...(line !== undefined && { line }), ...(lines && { lines: true as const }) }
  return {
    title: `Put the new value into ${source.file.split('/').at(-1)}`,
    effect: [{ what: shownSource(source), before: 'the old value', after: 'the new value' }],
    check: async () => facts.against,
    apply: (write) => write.checkout.placeValue({ ...place, value: next }),
    verify: (look) => hasSource(facts, look),
    shows: (prove) => prove.checkout.placed({ base, source, ...(lines && { lines: true }) }),
    undo: (write) => write.checkout.placeValue({ ...place, value: old ?? next }),
    undone: async ({ checkout }) => when(same(await checkout.value(source), old), `${shownSource(source)} is not the old value`),
  }
}

export const setInSecret = (facts: RotationFacts): Change<Files> => {
  const { namespace, secret, key, next, old, clock, also } = facts
  const alsoSet = (which: 'new' | 'old') =>
    also && {
      also: {
        key: also.key,
        file: `${facts.folder}/${valueFiles(also.base)[which]}`,
        value: later(async () => (which === 'new' ? also.next : (also.old ?? also.next))),
      },
    }
  const { name, resourceVersion, lastRotated } = secret
  const target = { namespace, name, key }
  const today = clock.now().toISOString().slice(0, 10)
  return {
    title: `Set ${key} in Secret ${name}`,
    effect: [
      { what: `Secret ${namespace}/${name}, ${key}`, before: 'the old value', after: 'the new value' },
      ...(also
        ? [{ what: `Secret ${namespace}/${name}, ${also.key}`, before: also.old?.reveal() ?? 'the old one', after: also.next.reveal() }]
        : []),
      { what: lastRotatedNote, before: lastRotated ?? 'absent', after: 'today', note: today },
    ],
    check: async () => facts.against,
    apply: (write) =>
      write.kube.setSecretValue({
        ...target,
        file: inFile(facts, 'new').file,
        ...stored(facts, next),
        resourceVersion,
        rotated: today,
        ...alsoSet('new'),
      }),
    verify: (look) => isSet(facts, 'new', look),
    shows: (prove) =>
      both(
        prove.kube.secretValue({ ...target, file: inFile(facts, 'new').file, ...(facts.pulls && { around: aroundPassword(facts.pulls) }) }),
        also
          ? prove.kube.secretValue({ namespace, name, key: also.key, file: `${facts.folder}/${valueFiles(also.base).new}` })
          : { lines: [] },
      ),
    undo: async (write, look) => {
      const live = await liveKey(look.kube, namespace, name, key)
      await write.kube.setSecretValue({
        ...target,
        file: inFile(facts, 'old').file,
        ...stored(facts, old ?? next),
        ...alsoSet('old'),
        resourceVersion: live?.[0].resourceVersion ?? resourceVersion,
        ...(lastRotated !== undefined && { rotated: lastRotated }),
      })
    },
    undone: (look) => isSet(facts, 'old', look),
  }
}

/** For the restarts of whoever uses it: when the Secret came to have a value, by the server's record of the one key. */
const renewalOf = (facts: RotationFacts): Renewal => {
  const since = (value: Secret | undefined) => async (look: Readers<'kube'>) => {
    const has = await hasLive(facts, value, look)
    if (!has.ok) return has
    return (await takenFrom(facts, look))?.toISOString() ?? fails('nobody knows when the Secret was written')
  }
  return {
    namespace: facts.namespace,
    with: `the new ${facts.key}`,
    may: facts.against,
    since: since(facts.next),
    sinceBack: since(facts.old),
  }
}

/** A wait, with a word before it. */
const waiting = (soak: Duration): readonly ShellLine[] =>
  soak === 0 ? [] : [sh`echo ${`Waiting ${spoken(soak)}`} >&2`, sh`sleep ${Math.ceil(soak / seconds(1))}`]

/** Time by the cluster's own record of the Secret's last write, so that a run that goes on need not wait again. */
export const soaked = <N extends Name>(
  facts: RotationFacts,
  meanwhile: {
    readonly title: string
    readonly holds: (look: Readers<N>) => Promise<Finding>
    readonly shows?: (prove: Provers<N>) => Shown
  },
): Proof<N> => ({
  title: meanwhile.title,
  onlyAfterwards: true,
  holds: async (look) => {
    const found = await liveKey((look as unknown as Readers<'kube'>).kube, facts.namespace, facts.secret.name, facts.key)
    const over = (found?.[1].writtenAt?.getTime() ?? 0) + facts.soak - facts.clock.now().getTime()
    return over > 0 ? fails(`${Math.ceil(over / seconds(1))} s of the soak are left`) : meanwhile.holds(look)
  },
  within: facts.soak + minutes(2),
  shows: (prove) => both({ lines: waiting(facts.soak) }, meanwhile.shows?.(prove) ?? { lines: [] }),
})

/** The end of the old value's files, and of the new one's: it stands in its source and in the Secret. */
export const dropFiles = ({ base }: Pick<RotationFacts, 'base'>) => ({
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
export const tidy = (facts: RotationFacts): Change<Files> => {
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
  facts: RotationFacts,
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

/** Every pod that uses it is started with the new one, one workload after another. */
export const restarts = (facts: RotationFacts): readonly Change<'kube'>[] =>
  // A kubelet reads a pull secret whenever it pulls.
  facts.pulls ? [] : facts.consumers.filter(({ replicas }) => replicas > 0).flatMap((consumer) => renew(renewalOf(facts), consumer))
