import { manifestFolder, manifestsOf } from '../../facts/checkout/manifests.ts'
import { fieldChanges } from '../../facts/config/field-changes.ts'
import { type ComparedObject, comparedObjects, isOfMigrations } from '../../facts/config/manifest-changes.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds } from '../../plan/finding.ts'
import type { Applied, FieldChange, KubeManifest } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** One object that is to be made, or brought to what its manifest says. */
export interface ToApply {
  /** `PodDisruptionBudget api`. */
  readonly object: string
  readonly manifest: KubeManifest
  readonly applied: Applied
  /** [] where the object is not there. */
  readonly changes: readonly FieldChange[]
}

export interface ApplyFacts {
  readonly environment: Context['environment']
  /** As it was asked for, within the folder of the manifests. */
  readonly name: string
  readonly file: string
  readonly objects: readonly ToApply[]
  /** Objects that are as the manifest says. */
  readonly same: readonly string[]
  /** Why it may not begin. */
  readonly against: Finding
}

/** A manifest as somebody names it: alone, by its path in the checkout, or by its whole path. */
const nameOf = (given: string, folder: string): string => {
  const within = given.startsWith(`${folder}/`) ? given.slice(folder.length + 1) : given
  return within.startsWith(`${manifestFolder}/`) ? within.slice(manifestFolder.length + 1) : within
}

/** Every object of one manifest, as a server-side dry run would apply it. */
export const gatherApply = async (
  given: string,
  look: Readers<'kube' | 'checkout'>,
  { environment }: Pick<Context, 'environment'>,
): Promise<ApplyFacts> => {
  const name = nameOf(given, look.checkout.folder)
  const file = `${manifestFolder}/${name}`
  const files = await manifestsOf(look)
  const found = isOfMigrations(file) ? [] : files.filter((one) => one.name === file)
  const compared = await comparedObjects(look, environment.namespace, found)
  const objects = compared.flatMap(({ change: { does, object }, manifest, applied }): readonly ToApply[] =>
    (does === 'makes' || does === 'changes') && manifest && applied
      ? [{ object, manifest, applied, changes: applied.live ? fieldChanges(applied.live, applied.after) : [] }]
      : [],
  )
  const thereIs = files.map((one) => one.name.slice(manifestFolder.length + 1)).filter((one) => !isOfMigrations(`/${one}`))
  return {
    environment,
    name,
    file,
    objects,
    same: compared.flatMap(({ change: { does, object } }) => (does === 'nothing' ? [object] : [])),
    against: isOfMigrations(file)
      ? fails(`${file} is the migration's`, 'honeydue db:migrations')
      : found.length === 0
        ? fails(`there is no ${file} in the checkout; there are ${thereIs.join(', ') || 'no manifests at all'}`, 'honeydue config:diff')
        : every(compared.map((one) => against(one, environment))),
  }
}

/** What rolls out: its images are the script's, and an apply would bring another than runs. */
const workloads = new Set(['CronJob', 'DaemonSet', 'Deployment', 'Job', 'Pod', 'ReplicaSet', 'StatefulSet'])

const against = ({ change: { does, object, what }, manifest }: ComparedObject, { database }: Context['environment']): Finding => {
  if (does === 'nothing') return holds
  if (does === 'not compared') return fails(`${object || 'a part of it'} was not compared: ${what.join('; ')}`, 'honeydue config:diff')
  const { kind = '', metadata } = manifest ?? {}
  if (workloads.has(kind))
    return fails(`${object} ${does === 'makes' ? 'is not there' : 'differs'}, and its image is the script's: 03-deploy.sh applies it`)
  if (kind === 'Secret')
    return fails(
      `${object} has values, which a manifest should not have: those of the Secrets come from their sources`,
      'honeydue secrets:status',
    )
  if (kind === 'ConfigMap' && metadata?.name === database.configMap)
    return fails(`${object} is what the script makes of config.yaml and prod.env`, 'honeydue config:diff')
  return holds
}
