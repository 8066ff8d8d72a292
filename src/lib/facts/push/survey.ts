import { apnsKey, apnsSecret } from '../../apns-secret.ts'
import { stranger } from '../../apns-stranger.ts'
import type { Environment } from '../../environment/schema.ts'
import { environmentOf } from '../../environment-file.ts'
import type { Secret } from '../../secret.ts'
import type { ApnsAnswer } from '../../systems/apns/types.ts'
import type { Answer as HttpAnswer } from '../../systems/http/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { sources } from '../config/values.ts'
import { isApnsKey } from '../secrets/working.ts'

/** What a value looks like: what it is for is not asked with it. */
export type FcmForm = 'none' | 'a service account' | 'of no known form'

export interface PushSurvey {
  /** The topic as the ConfigMap has it; undefined where it has none. */
  readonly topic: Answer<string | undefined>
  /** What deploy/prod.env says of it, which the next deploy brings; undefined where it says nothing. */
  readonly nextTopic: string | undefined
  /** Of the live key. */
  readonly key: Answer<'none' | 'right' | 'other'>
  /** What APNs says to the live key; where the configuration does not say for whom to sign, to one that nobody knows. */
  readonly apns: Answer<ApnsAnswer>
  /** What the configuration lacks to ask with the live key; undefined where it was asked with it. */
  readonly lacking: string | undefined
  readonly fcm: Answer<HttpAnswer>
  readonly fcmKey: Answer<FcmForm>
}

type Look = Readers<'kube' | 'apns' | 'http' | 'checkout'>

/** Asks all at once; one that is away takes no other with it. Nobody's telephone gets anything. */
export const surveyPush = async (look: Look, environment: Environment): Promise<PushSurvey> => {
  const { namespace, database, apns, fcm } = environment
  const lacking = look.apns.lacking()
  const [topic, nextTopic, key, asked, reached, fcmKey] = await Promise.all([
    answer(look.kube.configMap(namespace, database.configMap).then((found) => found?.[apns.topicKey] || undefined)),
    look.checkout.text(sources.environment).then(
      (text) => environmentOf(text ?? '').get(apns.topicKey)?.value,
      () => undefined,
    ),
    answer(
      look.kube
        .secret(namespace, apnsSecret, apnsKey)
        .then((found) => (found === undefined ? 'none' : isApnsKey(found) ? 'right' : 'other')),
    ),
    answer(lacking === undefined ? look.apns.asked() : look.apns.asked(stranger('NOBODYTEAM'))),
    answer(look.http.get(`https://${fcm.host}/`)),
    answer(look.kube.secret(namespace, fcm.secret, fcm.key).then(formOf)),
  ])
  return { topic, nextTopic, key, apns: asked, lacking, fcm: reached, fcmKey }
}

const formOf = (key: Secret | undefined): FcmForm => {
  const text = key?.reveal().trim() ?? ''
  if (text === '') return 'none'
  try {
    const { type, private_key: own } = JSON.parse(text) as { readonly type?: unknown; readonly private_key?: unknown }
    return type === 'service_account' && typeof own === 'string' ? 'a service account' : 'of no known form'
  } catch {
    return 'of no known form'
  }
}
