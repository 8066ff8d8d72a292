import { writable } from '../../facts/checkout/writable.ts'
import { later } from '../../later.ts'
import { lastApplied } from '../../notes.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { digestOf } from '../../secret-digest.ts'
import type { KeptSecret, PlacedValue } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { gatherSync, hasCopy, type SyncedKey, type SyncedSecret, type SyncFacts, type SyncSystems } from './sync-facts.ts'

type Files = 'checkout' | 'kube'

/** A source that is older than what it is the source of would turn every pod away that starts with it. */
export const sourcesHold = (facts: SyncFacts): Proof<SyncSystems> => ({
  title: 'Every source has a value, and none that is tried is refused',
  holds: async (look) => (await gatherSync(facts.only, look, facts)).against,
})

/** What the Secrets have is on the disk before it is overwritten: where it was right and the source wrong, nobody else may have it. */
export const keepBefore = (facts: SyncFacts): readonly Change<Files>[] => {
  const changed = facts.secrets.flatMap(({ name, keys }) =>
    // An empty one is none: there is nothing to be kept.
    keys.flatMap((one) => (one.same || !one.live?.reveal() ? [] : [{ ...one, name, live: one.live }])),
  )
  if (changed.length === 0) return []
  const files = changed.map(({ base }) => valueFiles(base).old)
  return [
    {
      title: 'Keep what the Secrets have beside the sources',
      effect: changed.map(({ base, called, name }) => ({
        what: valueFiles(base).old,
        before: 'absent',
        after: `${called} as ${name} has it, for this user alone`,
      })),
      check: (look) => writable(look, files),
      apply: async (write) => {
        for (const { base, live, name, key } of changed)
          await write.checkout.keepOldValue({
            base,
            value: live,
            live: { namespace: facts.namespace, name, key },
          })
      },
      verify: async ({ checkout }) => {
        const kept = await Promise.all(files.map((file) => checkout.secret(file)))
        return every(
          kept.map((one, i) =>
            when(
              one !== undefined && digestOf(one.reveal()) === digestOf(changed[i]?.live.reveal() ?? ''),
              `${files[i]} is not what the Secret has`,
            ),
          ),
        )
      },
      shows: (prove) => both(...changed.map(({ base }) => prove.checkout.keptOld({ base }))),
      undo: {
        last: async (write) => {
          for (const { base } of changed) await write.checkout.dropOldValue({ base })
        },
      },
      undone: async ({ checkout }) => {
        const kept = await Promise.all(files.map((file) => checkout.secret(file)))
        return when(
          kept.every((one) => one === undefined),
          `${files.join(' or ')} is still there`,
        )
      },
    },
  ]
}

const liveOf = async ({ namespace }: SyncFacts, secret: string, { kube }: Readers<'kube'>): Promise<KeptSecret | undefined> =>
  (await kube.secrets(namespace)).find(({ name }) => name === secret)

const digestIn = (secret: KeptSecret | undefined, key: string): string | undefined => secret?.keys.find(({ name }) => name === key)?.digest

/** Every key that differs, in one write on the version that was read: no pod starts with half of them. */
export const setFromSources = (facts: SyncFacts, { name, type, kept, keys }: SyncedSecret): Change<Files> => {
  const { namespace, folder } = facts
  const target = { namespace, name }
  const changed = keys.filter(({ same }) => !same)
  const is = async (wanted: (one: SyncedKey) => string | undefined, which: string, look: Readers<'kube'>): Promise<Finding> => {
    const now = await liveOf(facts, name, look)
    return every(changed.map((one) => when(digestIn(now, one.key) === wanted(one), `${one.called} of the Secret is not ${which}`)))
  }
  const before = (one: SyncedKey): string | undefined => digestIn(kept, one.key)
  return {
    title: `Set what differs in Secret ${name} from its sources`,
    effect: changed.map(({ key, called, source, live }) => ({
      what: `Secret ${namespace}/${name}, ${key}`,
      before: live ? 'another value' : 'absent',
      after: `that of ${source}`,
      ...(key !== called && { note: called }),
    })),
    apply: (write) =>
      write.kube.setSecretValues({
        ...target,
        type,
        resourceVersion: kept?.resourceVersion,
        values: changed.map(({ key, place, wanted }): PlacedValue => ({ key, place, value: later(async () => wanted) })),
      }),
    verify: (look) => is(({ digest }) => digest, 'that of its source', look),
    shows: (prove) => both(...changed.map(({ key, place }) => prove.kube.placedValue({ ...target, key, place }))),
    undo: kept
      ? async (write, look) => {
          const now = await liveOf(facts, name, look)
          await write.kube.setSecretValues({
            ...target,
            type,
            resourceVersion: now?.resourceVersion ?? kept.resourceVersion,
            values: changed.map(({ key, base, live }) => ({
              key,
              place: { file: `${folder}/${valueFiles(base).old}`, in: 'file' },
              value: live && later(async () => live),
            })),
          })
        }
      : { impossible: 'there was no such Secret, and pods that need it may have started with it' },
    undone: (look) => is(before, 'what it was', look),
  }
}

/** Whoever may see a Secret's metadata, or a diff of it, reads those values too. */
export const dropCopy = (facts: SyncFacts, { name, namespace }: KeptSecret): Change<'kube'> => ({
  title: `Take the copy of its values off Secret ${name}`,
  effect: [{ what: `last-applied-configuration of ${namespace}/${name}`, before: 'has values in clear', after: 'absent' }],
  apply: (write) => write.kube.annotate({ kind: 'Secret', namespace, name, annotation: lastApplied }),
  verify: async (look) => {
    const now = await liveOf(facts, name, look)
    return now && hasCopy(now) ? fails('the annotation has values still') : { ok: true }
  },
  shows: (prove) => prove.kube.noCopy({ namespace, name }),
  undo: { impossible: 'what stood there were values in clear; 02-setup-secrets.sh makes it anew' },
})
