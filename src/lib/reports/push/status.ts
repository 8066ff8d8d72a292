import { apnsKey } from '../../apns-secret.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { type PushSurvey, surveyPush } from '../../facts/push/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { pushFindings } from './findings.ts'

/** Whether notifications can be handed over, as far as it shows without one. Nobody's telephone gets anything. */
export const pushStatus = defineReport({
  id: 'push:status',
  title: 'Show whether notifications can be sent, and what Apple says',
  needs: ['kube', 'apns', 'http', 'checkout'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyPush(look, environment)
    const { topic, key, apns, fcm, fcmKey, lacking, nextTopic } = survey
    return {
      findings: pushFindings(survey, environment),
      tables: [table(survey)],
      notes: [
        'Apple was asked for a device that there is not: nobody gets anything, and who asks is looked at first',
        'Whether FCM takes its key is not known: how the application asks with it, no source says',
      ],
      unreachable: [topic, key, apns, fcm, fcmKey].every(({ answered }) => !answered),
      data: {
        topic: told(topic, (value) => value ?? null),
        topicWanted: environment.apns.topic ?? null,
        topicOfSource: nextTopic ?? null,
        apnsKey: told(key, (value) => value),
        apns: told(apns, (value) => (lacking === undefined ? value : { is: 'not asked', because: lacking })),
        fcm: told(fcm, ({ status }) => ({ status })),
        fcmKey: told(fcmKey, (value) => value),
      },
    }
  },
})

const told = <T>(given: Answer<T>, value: (of: T) => unknown): unknown =>
  given.answered ? value(given.value) : { error: reasonOf(given.error), code: codeOf(given) }

const table = ({ topic, key, apns, lacking, fcm, fcmKey }: PushSurvey): Table => {
  const said = <T>(given: Answer<T>, words: (value: T) => string): string => (given.answered ? words(given.value) : 'NO ANSWER')
  return {
    title: 'Notifications',
    columns: ['', ''],
    rows: [
      ['topic', said(topic, (value) => clipped(value ?? 'NONE', 60))],
      [apnsKey, said(key, (value) => ({ none: 'NONE', right: 'EC P-256', other: 'OF ANOTHER FORM' })[value])],
      [
        'APNs',
        said(apns, (value) =>
          lacking !== undefined
            ? 'answers; the key was not tried'
            : value.is === 'let in'
              ? 'key and topic accepted'
              : value.is === 'refused'
                ? `REFUSED (${clipped(value.reason, 40)})`
                : 'not known',
        ),
      ],
      ['FCM', said(fcm, ({ status }) => `answers ${status}`)],
      ['key of FCM', said(fcmKey, (value) => (value === 'none' ? 'NONE' : value))],
    ],
  }
}
