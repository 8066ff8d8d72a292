import { isJson, type Json } from '../schema/json.ts'
import { type Cause, invalidValue, required, unsupported } from '../status.ts'
import { ensure, type Kind, spec } from './kind.ts'
import { validatePodSpec } from './pod-spec.ts'
import { atLeastZero, defaultTemplate } from './workloads.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})

/** The fields of a schedule, with what each may be. */
const fields: readonly { readonly least: number; readonly most: number; readonly names?: readonly string[] }[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { least: 0, most: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]
const macros = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])
const zone = /^(CRON_)?TZ=\S* +/

/** What is wrong with a schedule, in the words of the parser that Kubernetes uses; undefined where nothing is. */
function wrongSchedule(schedule: string): string | undefined {
  const text = schedule.replace(zone, '').trim()
  if (text.startsWith('@'))
    return macros.has(text) || /^@every (\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text) ? undefined : `unrecognized descriptor: ${text}`
  const parts = text.split(/\s+/)
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  for (const [at, part] of parts.entries())
    for (const range of part.split(',')) {
      const wrong = wrongRange(range, at)
      if (wrong !== undefined) return wrong
    }
  return undefined
}

function wrongRange(text: string, at: number): string | undefined {
  const { least, most, names } = fields[at] ?? { least: 0, most: 0 }
  const [range = '', step, ...more] = text.split('/')
  if (more.length > 0) return `too many slashes: ${text}`
  const [from = '', to = from, ...others] = range.split('-')
  if (others.length > 0) return `too many hyphens: ${text}`
  const number = (word: string) => {
    const named = names?.indexOf(word.toLowerCase()) ?? -1
    return named >= 0 ? named + least : /^\d+$/.test(word) ? Number(word) : undefined
  }
  const unread = (word: string) => `failed to parse int from ${word}: strconv.Atoi: parsing ${JSON.stringify(word)}: invalid syntax`
  if (step !== undefined && number(step) === undefined) return unread(step)
  if (step !== undefined && number(step) === 0) return `step of range should be a positive number: ${text}`
  if (range === '*' || range === '?') return undefined
  const [start, end] = [number(from), number(to)]
  if (start === undefined) return unread(from)
  if (end === undefined) return unread(to)
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${text}`
  if (end > most) return `end of range (${end}) above maximum (${most}): ${text}`
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${text}` : undefined
}

function validateSchedule(schedule: unknown, timeZone: unknown): Cause[] {
  const text = String(schedule ?? '')
  if (text === '') return [required('spec.schedule')]
  const wrong = wrongSchedule(text)
  const causes = wrong === undefined ? [] : [invalidValue('spec.schedule', text, wrong)]
  if (text.includes('TZ'))
    causes.push(
      invalidValue(
        'spec.schedule',
        text,
        timeZone === undefined
          ? 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
          : 'cannot use both timeZone field and TZ or CRON_TZ in schedule',
      ),
    )
  return causes
}

function validateTimeZone(timeZone: unknown): Cause[] {
  if (timeZone === undefined) return []
  const text = String(timeZone)
  if (text.toLowerCase() === 'local')
    return [invalidValue('spec.timeZone', text, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')]
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return []
  } catch {
    return [invalidValue('spec.timeZone', text, `unknown time zone ${text}`)]
  }
}

const concurrencies = ['Allow', 'Forbid', 'Replace']
/** A Job's name is its CronJob's and eleven characters more. */
const longestName = 52

export const cronJob: Kind = {
  generation: 'spec',
  default: (o) => {
    const of = spec(o)
    const defaults = { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }
    for (const [key, value] of Object.entries(defaults)) of[key] ??= value
    const template = ensure(of, 'jobTemplate')
    template['metadata'] = object(template['metadata'])
    defaultTemplate(ensure(template, 'spec'))
    o['status'] ??= {}
  },
  validate: (o) => {
    const of = spec(o)
    const { schedule, timeZone, concurrencyPolicy } = of
    const path = 'spec.jobTemplate.spec.template.spec'
    const pod = object(object(object(object(of['jobTemplate'])['spec'])['template'])['spec'])
    const policy = pod['restartPolicy']
    const { name } = o.metadata
    return [
      ...(name.length > longestName ? [invalidValue('metadata.name', name, `must be no more than ${longestName} characters`)] : []),
      ...validateSchedule(schedule, timeZone),
      ...atLeastZero('spec.startingDeadlineSeconds', of['startingDeadlineSeconds']),
      ...(concurrencies.includes(String(concurrencyPolicy))
        ? []
        : [unsupported('spec.concurrencyPolicy', concurrencyPolicy, concurrencies)]),
      ...validateTimeZone(timeZone),
      ...validatePodSpec(pod, path),
      ...(policy === 'Always' ? [required(`${path}.restartPolicy`, 'valid values: "OnFailure", "Never"')] : []),
      ...atLeastZero('spec.successfulJobsHistoryLimit', of['successfulJobsHistoryLimit']),
      ...atLeastZero('spec.failedJobsHistoryLimit', of['failedJobsHistoryLimit']),
    ]
  },
}
