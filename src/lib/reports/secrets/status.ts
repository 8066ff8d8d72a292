import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { wakes } from '../../facts/db/activity.ts'
import { startedBefore } from '../../facts/secrets/consumers.ts'
import { type KeyState, type SecretsSurvey, surveySecrets } from '../../facts/secrets/survey.ts'
import { defineReport } from '../../plan/report.ts'
import { rotated, secretFindings } from './findings.ts'

/** Every Secret of the deployment, key by key: its age, its source, who uses it, and whether it works. No value is shown, kept or told. */
export const secretsStatus = defineReport({
  id: 'secrets:status',
  title: 'Show how old each secret is, who uses it, and whether it works',
  needs: ['kube', 'checkout', 'postgres', 'redis', 'registry', 'cloudflare', 'apns'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const survey = await surveySecrets(look, environment)
    const now = clock.now()
    return {
      findings: secretFindings(survey, now),
      tables: [
        {
          columns: ['secret', 'key', 'age', 'source', 'used by', 'works'],
          rows: survey.keys.map((key) => [
            key.secret.name,
            key.name,
            ageOf(key, now),
            sourceOf(key),
            usedBy(key),
            worksOf(key.secret.name, key.name, survey),
          ]),
        },
      ],
      notes: notes(survey),
      data: documentOf(survey, now),
    }
  },
})

const ageOf = (key: KeyState, now: Date): string => {
  const since = rotated(key)
  if (!since) return ''
  const said = age((now.getTime() - since.at.getTime()) / 1000)
  return since.noted ? said : `${said}, not noted`
}

const sourceOf = ({ source }: KeyState): string => {
  if (source === undefined) return '?'
  if (!source.answered) return 'not read'
  const { there, same } = source.value
  if (!there) return 'missing'
  return same === undefined ? 'not compared' : same ? 'the same' : 'another'
}

const usedBy = (key: KeyState): string =>
  key.consumers
    .map((consumer) => {
      const old = startedBefore(consumer, key.writtenAt).length
      const name = consumer.workload.replace(/^Deployment /, '')
      return old === 0 ? name : `${name} (${counted(old, 'old pod')})`
    })
    .join(', ')

const worksOf = (secret: string, key: string, { worked }: SecretsSurvey): string => {
  const asked = worked.filter((one) => one.secret === secret && one.key === key)
  if (asked.length === 0) return ''
  if (asked.some(({ works }) => works === false)) return 'no'
  return asked.every(({ works }) => works === true) ? 'yes' : '?'
}

const notes = ({ worked }: SecretsSurvey): readonly string[] => [
  ...worked.flatMap(({ secret, by, works }) =>
    secret === '' && works === true ? [`This machine's Cloudflare token is accepted by ${by}`] : [],
  ),
  ...(worked.some(({ by, works }) => by.startsWith('PostgreSQL') && works === true) ? [wakes] : []),
  'Whether SECRET_KEY, the mail password, FCM, the ingest token and the login of the admin panel work is not tried here',
]

/** For machines: dates as RFC 3339, no value and no digest of one. */
const documentOf = (survey: SecretsSurvey, now: Date) => ({
  keys: survey.keys.map((key) => {
    const since = rotated(key)
    return {
      secret: key.secret.name,
      key: key.name,
      writtenAt: key.writtenAt?.toISOString(),
      rotatedAt: since?.noted ? since.at.toISOString() : undefined,
      ageDays: since && Math.floor((now.getTime() - since.at.getTime()) / 86_400_000),
      lastApplied: key.applied,
      source: key.source?.answered
        ? {
            file: key.source.value.file,
            mode: key.source.value.mode?.toString(8),
            there: key.source.value.there,
            same: key.source.value.same,
          }
        : undefined,
      consumers: key.consumers.map((consumer) => ({
        workload: consumer.workload,
        use: consumer.use,
        pods: consumer.pods.length,
        startedBefore: startedBefore(consumer, key.writtenAt).map(({ name }) => name),
      })),
      works: survey.worked.flatMap(({ secret, key: name, by, works }) =>
        secret === key.secret.name && name === key.name ? [{ by, works }] : [],
      ),
    }
  }),
  missing: survey.missing,
  cloudflareToken: survey.worked.find(({ secret }) => secret === '')?.works,
})
