import { clipped } from '../../facts/cluster/clipped.ts'
import { backwards, fieldChanges } from '../../facts/config/field-changes.ts'
import { masked } from '../../masked.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Difference, Proof } from '../../plan/procedure.ts'
import type { FieldChange } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type ApplyFacts, gatherApply, type ToApply } from './apply-facts.ts'

type Systems = 'kube' | 'checkout'

/** Of a manifest that may not be applied from here: why not. Nothing by hand makes that otherwise. */
export const canBeApplied = (facts: ApplyFacts): Proof<Systems> => ({
  title: `${facts.file} can be applied from here`,
  holds: async (look) => (await gatherApply(facts.name, look, facts)).against,
})

/** An object's place as it is said: `PodDisruptionBudget honeydue/api`, of the cluster without a namespace. */
const placeOf = ({ manifest: { kind }, applied: { after } }: ToApply): string =>
  `${kind} ${after.metadata.namespace === undefined ? '' : `${after.metadata.namespace}/`}${after.metadata.name}`

const titled = (verb: string, { object }: ToApply): string => clipped(`${verb} ${object}`, 60)

/** Gone with what is in them, or kept by whoever uses them. */
const kept = new Set(['CustomResourceDefinition', 'Namespace', 'PersistentVolumeClaim'])

/** An object that is not there. */
export const make = (facts: ApplyFacts, one: ToApply): Change<Systems> => {
  const {
    name,
    environment: { namespace },
  } = facts
  const {
    object,
    manifest,
    applied: { path },
  } = one
  return {
    title: titled('Make', one),
    effect: [{ what: placeOf(one), before: 'absent', after: `as ${name} has it` }],
    apply: (write) => write.kube.createObject({ path, object, manifest }),
    verify: (look) => isAsSaid(facts, one, look),
    undo: kept.has(manifest.kind)
      ? { impossible: `with the ${manifest.kind} would go whatever is in it by then` }
      : async (write, look) => {
          const { live } = await look.kube.applied(manifest, namespace)
          if (live?.metadata.uid !== undefined) await write.kube.removeObject({ path, object, uid: live.metadata.uid })
        },
    undone: async (look) => when((await look.kube.applied(manifest, namespace)).live === undefined, `${object} is still there`),
  }
}

/** An object that is there, and says something else. */
export const bringTo = (facts: ApplyFacts, one: ToApply): Change<Systems> => {
  const {
    object,
    applied: { path },
    changes,
  } = one
  return {
    title: titled('Change', one),
    effect: changes.map((change) => differenceOf(one, change)),
    apply: (write) => write.kube.changeObject({ path, object, changes }),
    verify: (look) => isAsSaid(facts, one, look),
    undo: (write) => write.kube.changeObject({ path, object, changes: backwards(changes) }),
  }
}

/** Applied once more, the manifest would change nothing. */
const isAsSaid = async (
  { name, environment: { namespace } }: ApplyFacts,
  { object, manifest }: ToApply,
  { kube }: Readers<'kube'>,
): Promise<Finding> => {
  const { live, after } = await kube.applied(manifest, namespace)
  if (!live) return fails(`${object} is not there`)
  const [first] = fieldChanges(live, after)
  return first === undefined ? holds : fails(`${object} differs from ${name} in ${first.at.join('.')}`)
}

const differenceOf = (one: ToApply, { at, from, to }: FieldChange): Difference => ({
  what: `${placeOf(one)}, ${at.join('.')}`,
  before: shown(at, from),
  after: shown(at, to),
})

/** A value without what is secret in it: the field's name says so too. */
const shown = (at: readonly string[], value: unknown): string => {
  if (value === undefined) return 'absent'
  const key = at.at(-1) ?? ''
  return clipped(masked(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).slice(key.length + 1), 120)
}
