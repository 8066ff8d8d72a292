import { dayOfRotation } from '../../facts/secrets/day-of-rotation.ts'
import { aroundPassword } from '../../facts/secrets/pull-secret.ts'
import { later } from '../../later.ts'
import { type Finding, fails, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { Secret } from '../../secret.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { type Renewal, renew } from '../config/restart-consumer.ts'
import { type Files, inFile } from './kept-files.ts'
import { hasLive, liveKey, takenFrom } from './live-secret.ts'
import type { RotationFacts } from './rotation-types.ts'

/** What is set in the same write has its value too. */
const hasBoth = async (facts: RotationFacts, which: 'new' | 'old', look: Readers<'kube'>): Promise<Finding> => {
  const { also } = facts
  const own = await hasLive(facts, which === 'new' ? facts.next : facts.old, look)
  if (!also || !own.ok) return own
  return hasLive({ ...facts, key: also.key, pulls: undefined }, which === 'new' ? also.next : (also.old ?? also.next), look)
}

/** It is there, and whoever starts now is told from whoever started before. */
const isSet = async (facts: RotationFacts, which: 'new' | 'old', look: Readers<'kube'>): Promise<Finding> => {
  const has = await hasBoth(facts, which, look)
  if (!has.ok || !facts.early) return has
  const from = await takenFrom(facts, look)
  return when((from?.getTime() ?? 0) <= facts.clock.now().getTime(), 'the second in which it was written is not over')
}

/** A value as the Secret has it, and what an operator puts around that of a file. */
const stored = ({ pulls }: RotationFacts, value: Secret) => {
  if (!pulls) return { value: later(async () => value) }
  const [before, after] = aroundPassword(pulls)
  return { value: later(async () => new Secret(`${before}${value.reveal()}${after}`)), around: [before, after] as const }
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
  const { today, noted } = dayOfRotation(clock, lastRotated)
  return {
    title: `Set ${key} in Secret ${name}`,
    effect: [
      { what: `Secret ${namespace}/${name}, ${key}`, before: 'the old value', after: 'the new value' },
      ...(also
        ? [{ what: `Secret ${namespace}/${name}, ${also.key}`, before: also.old?.reveal() ?? 'the old one', after: also.next.reveal() }]
        : []),
      noted,
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

/** Every pod that uses it is started with the new one, one workload after another. */
export const restarts = (facts: RotationFacts): readonly Change<'kube'>[] =>
  // A kubelet reads a pull secret whenever it pulls.
  facts.pulls ? [] : facts.consumers.filter(({ replicas }) => replicas > 0).flatMap((consumer) => renew(renewalOf(facts), consumer))
