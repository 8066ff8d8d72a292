import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { Trouble } from '../../errors.ts'
import { secondsSince } from '../../facts/ages.ts'
import { answer, valueOr } from '../../facts/answer.ts'
import { manifestFolder } from '../../facts/checkout/manifests.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { keySource } from '../../facts/config/key-source.ts'
import { type ManifestChange, manifestChanges } from '../../facts/config/manifest-changes.ts'
import { noConfigMap } from '../../facts/config/no-config-map.ts'
import { type ConfigValue, configValues, differs, sources } from '../../facts/config/values.ts'
import { masked } from '../../masked.ts'
import { toggle } from '../../plan/choice.ts'
import type { Context } from '../../plan/context.ts'
import { defineReport, type Observation } from '../../plan/report.ts'
import { startedAt } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What the next 03-deploy.sh would change, as far as it is known what that script does. */
export const configDiff = defineReport({
  id: 'config:diff',
  title: 'Show what the next deploy would change',
  needs: ['kube', 'checkout'],
  choices: { 'exit-code': toggle({ about: 'exit 1 where something differs, as git diff does' }) },
  look: async (input, look, context) => {
    const { database, namespace } = context.environment
    const [{ values, read, findings: drift }, changes] = await Promise.all([configDrift(look, context), manifestChanges(look, namespace)])
    const findings = [...drift, ...changes.flatMap(ofManifest)]
    const now = context.clock.now()
    const differ = values.some(differs) || changes.some(({ does }) => does === 'makes' || does === 'changes')
    const isPartly = !read.answered || changes.some(({ forbidden }) => forbidden)
    return {
      findings,
      tables: [
        {
          title: `ConfigMap ${database.configMap}`,
          columns: ['key', 'now', 'the source says', 'set'],
          rows: values.map((value) => [
            clipped(value.key, 24),
            clipped(shownValue(value.key, value.live), 18),
            said(value),
            setOf(value, now),
          ]),
        },
        {
          title: 'Manifests',
          columns: ['file', 'object', 'a deploy'],
          rows: changes.map(({ file, object, does }) => [
            file.replace(/^deploy-k3s\/manifests\//, ''),
            clipped(object, 32),
            does === 'nothing' ? 'changes nothing' : does,
          ]),
        },
      ],
      notes: [
        `Which key of ${sources.yaml} becomes which of the ConfigMap is not known: there a value is looked for, in ${sources.environment} a name`,
        "Image tags are the script's own and are not compared; neither is what a manifest no longer says",
        ...(read.answered ? [] : ['Which pods started before a key was set is not known: this user may not list pods']),
        ...(changes.length === 0 ? ['There are no manifests in the checkout'] : []),
      ],
      // What may not be looked at is not the same.
      ...(input['exit-code'] && { exitCode: differ ? 1 : isPartly ? 9 : 0 }),
      data: {
        differs: differ,
        values: values.map((value) => ({
          ...value,
          live: shownValue(value.key, value.live),
          ...(value.other !== undefined && { other: shownValue(value.key, value.other) }),
        })),
        manifests: changes,
      },
    }
  },
})

/** What the ConfigMap says that its sources do not, and which pods have an older value. The manifests, which the API server tries one after another, are not looked at. */
export const configDrift = async (look: Readers<'kube' | 'checkout'>, { environment: { namespace, database } }: Context) => {
  const [found, read] = await Promise.all([
    look.kube.get('ConfigMap', database.configMap, namespace),
    answer(look.kube.pods({ namespace })),
  ])
  if (!found) throw noConfigMap(namespace, database.configMap)
  if (!read.answered && !(read.error instanceof Trouble && read.error.code === 'kube-forbidden')) throw read.error
  const values = await configValues(look, found)
  const older = values.flatMap((value) => olderPods(value, valueOr(read, []), database.configMap))
  return { values, read, findings: [...values.flatMap(ofValue), ...older] }
}

/** A value without what is secret in it: its key says so too. */
const shownValue = (key: string, value: string): string => masked(`${key}=${value}`).slice(key.length + 1)

const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

const said = ({ key, place, other }: ConfigValue): string =>
  place === undefined ? 'not this value' : other === undefined ? 'the same' : clipped(shownValue(key, other), 18)

const setOf = ({ setBy, setAt }: ConfigValue, now: Date): string => {
  const since = secondsSince(setAt, now)
  return since === undefined ? '' : `${clipped((setBy ?? 'somebody').replace('kubectl-client-side-apply', 'apply'), 12)}, ${age(since)} ago`
}

const ofValue = (value: ConfigValue): readonly Observation[] => {
  if (!differs(value)) return []
  const who = value.setBy === undefined ? '' : `; ${clipped(value.setBy, 40)} set it at ${value.setAt}`
  return value.other === undefined
    ? [
        warning(
          `${value.key} is ${clipped(shownValue(value.key, value.live), 80)}, which neither ${sources.yaml} nor ${sources.environment} says: the next deploy may undo it${who}`,
        ),
      ]
    : [
        warning(
          `${value.key} is ${clipped(shownValue(value.key, value.live), 60)}, and ${value.place} says ${clipped(shownValue(value.key, value.other), 60)}${who}`,
        ),
      ]
}

const ofManifest = ({ file, object, does, what }: ManifestChange): readonly Observation[] => {
  // What rolls out it refuses, and says who applies that.
  const next = sh`honeydue config:apply ${file.slice(manifestFolder.length + 1)} --dry-run`

  const script = file.endsWith('/rbac.yaml') ? ', which 03-deploy.sh does not apply' : ''
  if (does === 'nothing') return []
  if (does === 'makes') return [warning(`${object} is not in the cluster: ${file}${script}${script && ','} was never applied`, next)]
  if (does === 'changes')
    return [warning(`${object} differs from ${file}${script}: ${what.map((one) => clipped(masked(one), 120)).join('; ')}`, next)]
  return [warning(`${object || file} was not compared: ${what.map((one) => clipped(masked(one), 120)).join('; ')}`)]
}

/** Pods that started before a value was set and read it: they still have the former one. */
const olderPods = ({ key, setAt }: ConfigValue, pods: readonly Pod[], configMap: string): readonly Observation[] => {
  if (setAt === undefined) return []
  const old = pods.filter((pod) => pod.status.phase === 'Running' && startedAt(pod) < setAt && keySource(pod.spec, configMap, key).reads)
  return old.length === 0
    ? []
    : [
        warning(
          `${counted(old.length, 'pod has', 'pods have')} started before ${key} was set, and ${old.length === 1 ? 'has' : 'have'} the former value: ${old
            .slice(0, 4)
            .map(({ metadata }) => metadata.name)
            .join(', ')}`,
        ),
      ]
}
