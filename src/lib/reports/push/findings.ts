import { apnsKey, apnsSecret } from '../../apns-secret.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { PushSurvey } from '../../facts/push/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

/** By the words of Apple that are of the topic, and not of the key. */
const ofTopic: ReadonlySet<string> = new Set(['TopicDisallowed', 'BadTopic', 'MissingTopic'])

/** Why no notification arrives: what is sent to whom first, then with which key, then what is not known. Each sentence stands once. */
export const pushFindings = (survey: PushSurvey, environment: Environment): readonly Observation[] => {
  const all = [...topicFindings(survey, environment), ...keyFindings(survey, environment), ...fcmFindings(survey, environment)]
  return worstFirst(all.filter(({ text }, i) => all.findIndex((one) => one.text === text) === i))
}

const isOther = ({ topic }: PushSurvey, { apns }: Environment): boolean =>
  apns.topic !== undefined && topic.answered && topic.value !== apns.topic

const topicFindings = (survey: PushSurvey, environment: Environment): readonly Observation[] => {
  const { topic, nextTopic } = survey
  const { topicKey, topic: known } = environment.apns
  if (!topic.answered) return [wrong(reasonOf(topic.error), nextOf(topic.error))]
  const cure = known === undefined ? 'honeydue config:diff' : sh`honeydue config:set ${`${topicKey}=${known}`}`
  const live = !isOther(survey, environment)
    ? topic.value === undefined
      ? [wrong(`${topicKey} is not set: no iPhone gets a notification`, cure)]
      : []
    : [wrong(`${topicKey} is ${topic.value ?? 'not set'}, and Apple knows the app as ${known}: no iPhone gets a notification`, cure)]
  // What the next deploy brings is seen only where it would break what is right now.
  const next =
    known !== undefined && nextTopic !== undefined && nextTopic !== known && topic.value === known
      ? [warning(`deploy/prod.env says ${topicKey}=${nextTopic}: the next deploy may bring it`, 'honeydue config:diff')]
      : []
  return [...live, ...next]
}

const keyFindings = (survey: PushSurvey, environment: Environment): readonly Observation[] => {
  const { key, apns, lacking } = survey
  const form = !key.answered
    ? [wrong(reasonOf(key.error), nextOf(key.error))]
    : key.value === 'right'
      ? []
      : [
          wrong(
            key.value === 'none' ? `Secret ${apnsSecret} has no ${apnsKey}` : `${apnsKey} in ${apnsSecret} is no EC P-256 key in PKCS #8`,
            sh`honeydue secrets:sync --only ${apnsKey}`,
          ),
        ]
  const unasked = lacking === undefined ? [] : [warning(`Whether Apple takes the key is not known: ${lacking}`, 'honeydue config:explain')]
  if (!apns.answered)
    return form.length > 0 && !reaches(apns.error) ? form : [...form, wrong(reasonOf(apns.error), nextOf(apns.error)), ...unasked]
  return [...form, ...(lacking === undefined && form.length === 0 ? ofAnswer(survey, environment) : unasked)]
}

/** Whether what was missed is APNs itself, and not what it is asked with. */
const reaches = (error: unknown): boolean =>
  error instanceof Trouble && error.code.startsWith('apns-') && !/^apns-no-(id|key)$/.test(error.code)

const ofAnswer = (survey: PushSurvey, environment: Environment): readonly Observation[] => {
  const { apns } = survey
  if (!apns.answered || apns.value.is === 'let in') return []
  const { host, topicKey } = environment.apns
  if (apns.value.is === 'put off')
    return [warning(`What APNs says tells nothing of the key: ${apns.value.because}`, 'honeydue push:status')]
  const { reason } = apns.value
  if (ofTopic.has(reason))
    // Said already, with what it is to be.
    return isOther(survey, environment)
      ? []
      : [wrong(`APNs at ${host} does not take the topic of ${topicKey} with this key (${reason})`, 'honeydue config:diff')]
  return [
    wrong(
      `APNs at ${host} refuses the key of ${apnsSecret} (${reason}): it was revoked, or its id or team is another`,
      sh`honeydue secrets:rotate ${apnsKey}`,
    ),
  ]
}

const fcmFindings = ({ fcm, fcmKey }: PushSurvey, { fcm: own }: Environment): readonly Observation[] => [
  ...(!fcm.answered
    ? [wrong(`FCM: ${reasonOf(fcm.error)}`, nextOf(fcm.error))]
    : fcm.value.status >= 500
      ? [warning(`FCM at ${own.host} answers ${fcm.value.status}: it has trouble of its own`, 'honeydue providers')]
      : []),
  ...(!fcmKey.answered
    ? [wrong(reasonOf(fcmKey.error), nextOf(fcmKey.error))]
    : fcmKey.value === 'none'
      ? [
          wrong(
            `Secret ${own.secret} has no ${own.key}: no Android telephone gets a notification`,
            sh`honeydue secrets:sync --only ${own.key}`,
          ),
        ]
      : []),
]
