import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import { beyond, fateOf, wanted } from '../../facts/storage/lifecycle.ts'
import type { StorageSurvey } from '../../facts/storage/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import type { LifecycleRule, Listing, RoundTrip, Unfinished } from '../../systems/storage/types.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

const day = 86_400_000
const minute = 60_000
const settings = 'honeydue storage:lifecycle --dry-run'

type Place = Environment['storage']

/** What is wrong: that nothing can be stored first, then what is stored and should not be, or goes and should not. */
export const storageFindings = (survey: StorageSurvey, place: Place, now: Date): readonly Observation[] => {
  const { questions } = survey
  const all = [
    ...ofRefusals(survey),
    ...ofClock(survey.clock),
    ...(survey.trip ? ofTrip(survey.trip) : []),
    ...(questions?.lifecycle.answered ? ofLifecycle(questions.lifecycle.value, place) : []),
    ...(questions?.list.answered ? ofUploads(questions.list.value, place, now) : []),
    ...(questions?.unfinished.answered ? ofUnfinished(questions.unfinished.value, now) : []),
    ...(survey.lacking === undefined ? [] : [warning(`No key was tried: ${survey.lacking}`, 'honeydue config:explain')]),
  ]
  return worstFirst(all)
}

/** What one question is told that all of them are told is said once; a right that is missing, of each. */
const ofRefusals = ({ clock, questions }: StorageSurvey): readonly Observation[] => {
  const asked = questions === undefined ? [] : [questions.list, questions.lifecycle, questions.unfinished]
  const told = new Map<string, Observation>()
  for (const one of [...asked, ...(asked.length === 0 ? [clock] : [])]) {
    if (one.answered) continue
    const [code, text, next] = [codeOf(one), reasonOf(one.error), nextOf(one.error)]
    if (code === 'storage-forbidden') told.set(text, (one === questions?.list ? wrong : warning)(text, next))
    else if (!told.has(code)) told.set(code, wrong(text, next))
  }
  return [...told.values()]
}

const ofClock = (clock: StorageSurvey['clock']): readonly Observation[] => {
  if (!clock.answered || Number.isNaN(clock.value.offsetMs)) return []
  const { offsetMs, withinMs } = clock.value
  const apart = Math.max(0, Math.abs(offsetMs) - withinMs)
  const text = `This machine's clock is ${Math.round(Math.abs(offsetMs) / minute)} min ${offsetMs > 0 ? 'behind' : 'ahead of'} the storage's`
  if (apart >= 15 * minute) return [wrong(`${text}: what it signs is refused`, 'date -u')]
  return apart >= 5 * minute ? [warning(`${text}: from 15 min on what it signs is refused`, 'date -u')] : []
}

const ofTrip = (trip: Answer<RoundTrip>): readonly Observation[] => {
  if (!trip.answered) return [wrong(`No upload could be tried: ${reasonOf(trip.error)}`, nextOf(trip.error))]
  const { key, steps } = trip.value
  return steps.flatMap(({ what, error }) => {
    if (error === undefined) return []
    const left = what === 'delete' ? `. ${key} stays until the lifecycle rules take it` : ''
    return [wrong(`${verbs[what]}: ${reasonOf(error)}${left}`, nextOf(error))]
  })
}

const verbs = {
  upload: 'An upload by a presigned URL is refused',
  read: 'What was uploaded cannot be read',
  delete: 'What was uploaded cannot be deleted',
} as const

const ofLifecycle = (rules: readonly LifecycleRule[], { prefix, bucket }: Place): readonly Observation[] => {
  const { hidden, gone } = fateOf(rules, prefix)
  const says = `${hidden === undefined ? 'never hidden' : `hidden after ${counted(hidden, 'day')}`}, ${gone === undefined ? 'never deleted' : `deleted ${counted(gone, 'day')} after that`}`
  const right = hidden === wanted.hidden && gone === wanted.gone
  return [
    ...beyond(rules, prefix).map((rule) =>
      wrong(
        `A lifecycle rule hides ${rule.prefix === '' ? `all of ${bucket}` : `what begins with ${rule.prefix}`} after ${counted(rule.expires ?? 0, 'day')}: what users keep goes too`,
        settings,
      ),
    ),
    ...(right
      ? []
      : [
          wrong(
            `What is uploaded to ${prefix} is ${says}; chapter 14 wants it hidden after ${counted(wanted.hidden, 'day')}, and deleted ${counted(wanted.gone, 'day')} after that`,
            settings,
          ),
        ]),
  ]
}

/** By what there is: rules that hold on paper alone are seen here. A day is given to whoever applies them. */
const ofUploads = ({ objects, more }: Listing, { prefix }: Place, now: Date): readonly Observation[] => {
  const old = objects.filter(({ modified }) => now.getTime() - modified.getTime() > (wanted.hidden + 2) * day)
  if (old.length === 0) return []
  const of = more ? ` of the first ${objects.length}` : ''
  return [
    warning(
      `${counted(old.length, 'object')}${of} under ${prefix} ${old.length === 1 ? 'is' : 'are'} older than ${wanted.hidden + 2} days: the lifecycle rules do not take them`,
      settings,
    ),
  ]
}

const ofUnfinished = (uploads: readonly Unfinished[], now: Date): readonly Observation[] => {
  const old = uploads.filter(({ began }) => now.getTime() - began.getTime() > day)
  return old.length === 0
    ? []
    : [warning(`${counted(old.length, 'upload')} in parts began more than a day ago and never ended: no list shows them, and they cost`)]
}
