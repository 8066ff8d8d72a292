import { writable } from '../../facts/checkout/writable.ts'
import { sources } from '../../facts/config/values.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, holds, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { Secret } from '../../secret.ts'
import type { ValueSource } from '../../systems/checkout/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, otherBegun, same } from './how-far.ts'
import { dropFiles } from './kept-files.ts'

type Files = 'kube' | 'checkout'

/** What goes with a secret and is none, such as the id of a key: a value of the ConfigMap, or of the same Secret, which pods get with it. */
export interface Companion {
  readonly namespace: string
  /** The ConfigMap's name, or the Secret's. */
  readonly name: string
  readonly in: 'ConfigMap' | 'Secret'
  readonly key: string
  readonly base: string
  readonly present: string
  readonly next: Secret
  /** What the new one replaces; undefined where nothing is known of it any more. */
  readonly old: Secret | undefined
  /** What the source has, where it has not the new one yet. */
  readonly before: Secret | undefined
  readonly source: ValueSource
  readonly line: number | undefined
  readonly lines: false
  /** Why it may not begin. */
  readonly against: Finding
}

/** By which name it stands in the ConfigMap, how its files are called, and what the new one is to be, where that is known. */
export interface Paired {
  readonly key: string
  readonly called: string
  readonly next: string | undefined
  /** Where it stands if not in the ConfigMap. */
  readonly secret?: string
}

/** Reads where it stands, and how far an earlier run has come. */
export const gatherCompanion = async (
  { key, called, next: given, secret }: Paired,
  look: Readers<Files>,
  { environment }: Pick<Context, 'environment'>,
): Promise<Companion> => {
  const { namespace, database } = environment
  const base = baseOf(called)
  const files = valueFiles(base)
  const [config, stored, kept, before] = await Promise.all([
    look.kube.configMap(namespace, database.configMap),
    secret === undefined ? undefined : look.kube.secret(namespace, secret, key),
    look.checkout.secret(files.new),
    look.checkout.secret(files.old),
  ])
  const isIn = stored === undefined ? 'ConfigMap' : 'Secret'
  const name = isIn === 'Secret' && secret !== undefined ? secret : database.configMap
  const present = stored?.reveal() ?? config?.[key] ?? ''
  if (kept && given !== undefined && kept.reveal() !== given) throw otherBegun(files.new)
  const next = kept ?? new Secret(given ?? present)
  const old = before ?? (present === next.reveal() ? undefined : new Secret(present))
  const source = await sourceByName(look, key, [old?.reveal() ?? present, next.reveal()])
  const inSource = source && (await look.checkout.value(source))
  return {
    namespace,
    name,
    in: isIn,
    key,
    base,
    present,
    next,
    old,
    before: same(inSource, next) ? undefined : inSource,
    source: source ?? { file: sources.environment, in: 'env', key },
    line: source && (await look.checkout.valueLine(source)),
    lines: false,
    against: every([
      when(present !== '', `${isIn} ${name} has no ${key}`, 'honeydue config:explain'),
      when(
        present === next.reveal() || present === old?.reveal(),
        `${key} is ${present}, neither the old nor the new one: somebody changed it meanwhile`,
        'honeydue config:diff',
      ),
      when(source !== undefined, `where the next deploy takes ${key} from is not known`, 'honeydue config:diff'),
    ]),
  }
}

/** By its name in deploy/prod.env; else the one place of config.yaml that has its value. */
export const sourceByName = async (
  { checkout }: Readers<'checkout'>,
  key: string,
  values: readonly string[],
): Promise<ValueSource | undefined> => {
  const named: ValueSource = { file: sources.environment, in: 'env', key }
  if (await checkout.value(named)) return named
  for (const value of values) {
    const [one, ...more] = (await checkout.scalars(sources.yaml, value)) ?? []
    if (one && more.length === 0) return { file: sources.yaml, in: 'yaml', key: one.key }
  }
  return undefined
}

const liveOf = async (one: Companion, { kube }: Readers<'kube'>): Promise<string | undefined> =>
  one.in === 'Secret'
    ? (await kube.secret(one.namespace, one.name, one.key))?.reveal()
    : (await kube.configMap(one.namespace, one.name))?.[one.key]

/** Both are on the disk before anything live changes: what was asked with the old one is asked with it at the end as well. */
export const keepCompanion = (one: Companion): Change<Files> => {
  const { base, key, namespace, name, source, next, old } = one
  const files = valueFiles(base)
  const kept = async ({ checkout }: Readers<'checkout'>) => Promise.all([checkout.secret(files.new), checkout.secret(files.old)])
  const isOver = async (look: Readers<Files>) =>
    (await liveOf(one, look)) === next.reveal() && same(await look.checkout.value(source), next)
  return {
    title: `Keep the old and the new ${key.slice(0, 24)} there too`,
    effect: [
      { what: files.old, before: 'absent', after: `${key} as it is` },
      { what: files.new, before: 'absent', after: 'the new one' },
    ],
    check: async (look) => every([one.against, await writable(look, [files.new, files.old])]),
    apply: async (write) => {
      await write.checkout.keepOldValue({
        base,
        value: old ?? next,
        live: { namespace, name, key, ...(one.in === 'ConfigMap' && { configMap: true }) },
      })
      await write.checkout.keepNewValue({ base, value: next, text: next.reveal() })
    },
    verify: async (look) => {
      const [now, before] = await kept(look)
      if (same(now, next) && before !== undefined) return holds
      return when(now === undefined && (await isOver(look)), `${files.new} and ${files.old} are not there`)
    },
    shows: (prove) => prove.checkout.kept({ base }),
    undo: {
      last: async (write) => {
        await write.checkout.dropOldValue({ base })
        await write.checkout.dropNewValue({ base })
      },
    },
    undone: async (look) =>
      when(
        (await kept(look)).every((value) => value === undefined),
        `${files.new} is still there`,
      ),
  }
}

/** What pods get when they start: set just before they are restarted for the secret that it goes with. */
export const setCompanion = (one: Companion): Change<Files> => {
  const { namespace, name, key, present, next, old, against } = one
  const [to, from] = [next.reveal(), old?.reveal() ?? present]
  const value = { namespace, name, key }
  const says = async (look: Readers<'kube'>, wanted: string) =>
    when((await liveOf(one, look)) === wanted, `${key} of ${name} is another value`)
  return {
    title: `Set ${key.slice(0, 24)} in ${name.slice(0, 30)}`,
    effect: [{ what: `${one.in} ${namespace}/${name}, ${key}`, before: from, after: to }],
    check: async () => against,
    apply: (write) => write.kube.setConfigMapValue({ ...value, from, to }),
    verify: (look) => says(look, to),
    shows: (prove) => prove.kube.value({ ...value, value: to }),
    undo: (write) => write.kube.setConfigMapValue({ ...value, from: to, to: from }),
    undone: (look) => says(look, from),
  }
}

/** The end of both files, once nobody has to be asked with the old one any more. */
export const dropCompanion = (one: Companion): Change<Files> => {
  const { base, name, key, next } = one
  const { drop, dropped } = dropFiles({ base })
  return {
    title: 'Take away the files of what goes with it',
    effect: [{ what: `${valueFiles(base).new}, ${valueFiles(base).old}`, before: 'there', after: 'absent' }],
    apply: drop,
    verify: async (look) =>
      every([when((await liveOf(one, look)) === next.reveal(), `${key} of ${name} is not the new one`), await dropped(look)]),
    shows: (prove) => prove.checkout.dropped({ base }),
    undo: { impossible: 'the secret that the old one goes with is worth nothing any more' },
  }
}
