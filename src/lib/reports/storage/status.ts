import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import { fateOf } from '../../facts/storage/lifecycle.ts'
import { type StorageSurvey, surveyStorage } from '../../facts/storage/survey.ts'
import { toggle } from '../../plan/choice.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { storageFindings } from './findings.ts'

/** Whether the bucket takes what users upload, and whether what nobody attaches goes. Nothing is written but with --upload. */
export const storageStatus = defineReport({
  id: 'storage:status',
  title: 'Show whether files can be stored, and which of them go',
  needs: ['storage'],
  choices: { upload: toggle({ about: 'upload a small object by a presigned URL, read it, and delete it for good' }) },
  look: async ({ upload }, look, { environment, clock }) => {
    const { storage: place, readonly } = environment
    const survey = await surveyStorage(look, environment, upload && !readonly)
    const { questions } = survey
    const asked: readonly Answer<unknown>[] = questions ? [questions.list, questions.lifecycle, questions.unfinished] : []
    return {
      findings: [
        ...storageFindings(survey, place, clock.now()),
        ...(upload && readonly
          ? [{ level: 'warning' as const, text: `No upload was tried: the environment ${environment.name} is read-only` }]
          : []),
      ],
      tables: [bucketTable(survey, `${place.bucket} at ${place.endpoint}`, place.prefix)],
      notes: survey.trip ? [] : ['No upload was tried: honeydue storage:status --upload does'],
      unreachable: [survey.clock, ...asked].every(({ answered }) => !answered),
      data: dataOf(survey),
    }
  },
})

const bucketTable = ({ clock, questions, trip, lacking }: StorageSurvey, place: string, prefix: string): Table => {
  const said = <T>(given: Answer<T> | undefined, words: (value: T) => string): string =>
    given === undefined ? '?' : given.answered ? words(given.value) : codeOf(given) === 'storage-forbidden' ? 'NOT ALLOWED' : 'NO ANSWER'
  return {
    title: 'Storage',
    columns: ['', ''],
    rows: [
      ['bucket', place],
      ['key', lacking === undefined ? said(questions?.list, () => 'accepted') : 'none here'],
      [
        'clock',
        said(clock, ({ offsetMs }) => (Number.isNaN(offsetMs) ? 'not said' : `${offsetMs < 0 ? '' : '+'}${Math.round(offsetMs / 1000)} s`)),
      ],
      [
        `under ${prefix}`,
        said(questions?.list, ({ objects, more }) => (more ? `more than ${objects.length} objects` : counted(objects.length, 'object'))),
      ],
      [
        'lifecycle there',
        said(questions?.lifecycle, (rules) => {
          const { hidden, gone } = fateOf(rules, prefix)
          return `hidden after ${hidden ?? '∞'} d, deleted after ${gone ?? '∞'} d more`
        }),
      ],
      ['uploads in parts', said(questions?.unfinished, (uploads) => `${uploads.length} unfinished`)],
      ...(trip
        ? [
            [
              'presigned upload',
              said(trip, ({ steps }) => steps.map(({ what, error }) => `${what} ${error ? 'FAILED' : 'done'}`).join(', ')),
            ],
          ]
        : []),
    ],
  }
}

const dataOf = ({ lacking, clock, questions, trip }: StorageSurvey) => {
  const told = <T>(given: Answer<T> | undefined, value: (of: T) => unknown) =>
    given === undefined ? null : given.answered ? value(given.value) : { error: reasonOf(given.error), code: codeOf(given) }
  return {
    lacking: lacking ?? null,
    clock: told(clock, (value) => value),
    uploads: told(questions?.list, ({ objects, more }) => ({
      objects: objects.length,
      bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
      more,
    })),
    lifecycle: told(questions?.lifecycle, (rules) => rules.map(({ text: _, ...rule }) => rule)),
    unfinished: told(questions?.unfinished, (uploads) => uploads),
    roundTrip: told(trip, ({ key, steps }) => ({
      key,
      steps: steps.map(({ what, error }) => ({ what, ...(error && { error: reasonOf(error) }) })),
    })),
  }
}
