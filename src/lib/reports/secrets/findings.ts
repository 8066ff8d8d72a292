import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import { startedBefore } from '../../facts/secrets/consumers.ts'
import type { KeyState, SecretsSurvey, SourceState } from '../../facts/secrets/survey.ts'
import type { Worked } from '../../facts/secrets/working.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { KeptSecret } from '../../systems/kube/types.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

const day = 86_400_000
/** secret-rotation.md: at least annually. */
const year = 365 * day

/** When a key was given its value: by the record of our own write, by the book's note of the whole Secret, or, where nobody noted one, when the Secret was made. */
export const rotated = ({
  rotatedAt,
  secret,
}: Pick<KeyState, 'rotatedAt' | 'secret'>): { readonly at: Date; readonly noted: boolean } | undefined => {
  if (rotatedAt && !Number.isNaN(rotatedAt.getTime())) return { at: rotatedAt, noted: true }
  const said = new Date(secret.lastRotated ?? Number.NaN)
  if (!Number.isNaN(said.getTime())) return { at: said, noted: true }
  return secret.createdAt && { at: secret.createdAt, noted: false }
}

const called = ({ secret, name }: Pick<KeyState, 'secret' | 'name'>): string => `${secret.name} ${name}`

/** What is wrong, what customers feel first. */
export const secretFindings = (survey: SecretsSurvey, now: Date): readonly Observation[] => {
  const all = [
    ...survey.worked.flatMap(ofUse),
    ...survey.missing.map((one) => wrong(`The cluster has no ${one}, which secret-rotation.md knows`)),
    ...survey.keys.flatMap(ofStale),
    ...ofApplied(survey.secrets),
    ...survey.keys.flatMap(ofSource),
    ...ofAge(survey.keys, now),
    ...survey.keys.flatMap(ofNobody),
  ]
  return worstFirst(all)
}

const ofUse = ({ secret, key, by, works, because = '', next }: Worked): readonly Observation[] => {
  const what = [secret, key].filter(Boolean).join(' ')
  if (works === true) return []
  return works === false
    ? [wrong(`${what} does not work by ${by}: ${because}`, next)]
    : [warning(`${what} could not be tried by ${by}: ${because}`, next)]
}

const ofStale = (key: KeyState): readonly Observation[] =>
  key.consumers.flatMap((consumer) => {
    const old = startedBefore(consumer, key.writtenAt)
    const [kind, name = ''] = consumer.workload.split(' ')
    return old.length === 0
      ? []
      : [
          wrong(
            `${counted(old.length, 'pod')} of ${consumer.workload} began before ${called(key)} was last written, and may have another value`,
            kind === 'Deployment' ? sh`honeydue deploy:restart ${name} --dry-run` : undefined,
          ),
        ]
  })

/** Whoever may read the Secret's metadata, or sees a diff of it, reads those too. */
const ofApplied = (secrets: readonly KeptSecret[]): readonly Observation[] =>
  secrets.flatMap(({ name, keys, appliedOnly }) => {
    const old = [...keys.filter(({ applied }) => applied === 'another').map((key) => key.name), ...appliedOnly]
    const same = keys.filter(({ applied }) => applied === 'the same').map((key) => key.name)
    if (old.length > 0)
      return [wrong(`last-applied-configuration of ${name} still has old values: ${old.join(', ')}`, 'honeydue secrets:sync')]
    return same.length > 0
      ? [warning(`last-applied-configuration of ${name} has the values of ${same.join(', ')}`, 'honeydue secrets:sync')]
      : []
  })

const ofSource = (key: KeyState): readonly Observation[] => {
  const { source } = key
  if (source === undefined) return []
  if (!source.answered) return [warning(`The source of ${called(key)} could not be read: ${reasonOf(source.error)}`)]
  const { shown, file, mode, there, same, next = 'honeydue secrets:sync --dry-run' }: SourceState = source.value
  if (mode === undefined) return [wrong(`The source of ${called(key)} is not on this machine: ${file}`)]
  return [
    ...(there ? [] : [wrong(`${file} has no ${shown.slice(file.length).trim() || 'value'}, the source of ${called(key)}`)]),
    ...(there && same === false
      ? [wrong(`${shown} is another value than ${called(key)}: the next 02-setup-secrets.sh would change it, and no pod would know`, next)]
      : []),
    ...((mode & 0o077) === 0 ? [] : [wrong(`${file} can be read by others (${mode.toString(8)})`, sh`chmod 600 ${file}`)]),
  ]
}

const ofAge = (keys: readonly KeyState[], now: Date): readonly Observation[] => {
  const bySecret = new Map<string, string[]>()
  for (const key of keys) {
    const since = rotated(key)
    if (!since || now.getTime() - since.at.getTime() < year) continue
    const how = since.noted ? 'was last rotated' : 'was made, and never noted as rotated,'
    const line = `${key.secret.name} ${how} ${age((now.getTime() - since.at.getTime()) / 1000)} ago`
    bySecret.set(line, [...(bySecret.get(line) ?? []), key.name])
  }
  return [...bySecret].map(([line, names]) => wrong(`${line}: ${names.join(', ')}`))
}

const ofNobody = (key: KeyState): readonly Observation[] => (key.consumers.length === 0 ? [warning(`No pod uses ${called(key)}`)] : [])
