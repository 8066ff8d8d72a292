import { stranger } from '../../apns-stranger.ts'
import type { Clock } from '../../clock.ts'
import type { Secret } from '../../secret.ts'
import { parsed } from '../answer-body.ts'
import type { System } from '../systems.ts'
import { type ApnsClientOptions, apnsClient } from './client.ts'
import { providerTokens } from './sign.ts'
import { noApns, noId, noKey } from './trouble.ts'
import type { ApnsAnswer, ApnsReader, ApnsSigner, ApnsWriter } from './types.ts'

export interface ApnsOptions extends ApnsClientOptions {
  readonly topicKey: string
  /** The names under which the ids of the key and of its team stand. */
  readonly keyIdKey?: string | undefined
  readonly teamIdKey?: string | undefined
  /** One value of the live configuration, by its name. */
  readonly value: (name: string) => Promise<string | undefined>
  /** The live key. */
  readonly key: () => Promise<Secret | undefined>
  /** Where that stands, as an operator names it. */
  readonly keyIn: string
  readonly clock: Clock
}

/** No device has it: a request for it reaches nobody. */
const nobody = '0'.repeat(64)

/** Apple's push service, asked as the application asks it, and for nobody's device. */
export const apnsSystem = (options: ApnsOptions): System<ApnsReader, ApnsWriter> => {
  const { host, topicKey, keyIdKey, teamIdKey, clock } = options
  const push = apnsClient(options)
  const tokenOf = providerTokens()
  const value = async (setting: string, name: string): Promise<string> => {
    const found = await options.value(name)
    if (found !== undefined && found !== '') return found
    throw noId(setting, name)
  }
  const ids = async () => {
    const [keyId, teamId] = await Promise.all([
      value('apns.keyIdKey', keyIdKey ?? 'apns.keyIdKey'),
      value('apns.teamIdKey', teamIdKey ?? 'apns.teamIdKey'),
    ])
    return { keyId, teamId }
  }
  const live = async (): Promise<ApnsSigner> => {
    const [key, known] = await Promise.all([options.key(), ids()])
    if (key === undefined) throw noKey(options.keyIn)
    return { key, ...known }
  }
  const ask = async (signer: ApnsSigner): Promise<ApnsAnswer> => {
    const topic = await value('apns.topicKey', topicKey)
    const { status, text } = await push({ device: nobody, topic, token: tokenOf(signer, clock.now()) })
    const { reason } = (parsed(text) ?? {}) as { readonly reason?: unknown }
    return answerOf(status, typeof reason === 'string' ? reason : '', host)
  }
  /** Who looks at the device before the key lets everybody in: what it says of a key is then worth nothing. */
  let looksAtKeys: Promise<boolean> | undefined
  const strangerIsRefused = async (teamId: string): Promise<boolean> => (await ask(stranger(teamId))).is === 'refused'
  return {
    read: {
      lacking: () => {
        const missing = [...(keyIdKey === undefined ? ['apns.keyIdKey'] : []), ...(teamIdKey === undefined ? ['apns.teamIdKey'] : [])]
        return missing.length === 0 ? undefined : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not in the configuration`
      },
      ids,
      asked: async (given) => {
        const signer = given ?? (await live())
        const answer = await ask(signer)
        if (answer.is !== 'let in') return answer
        looksAtKeys ??= strangerIsRefused(signer.teamId)
        return (await looksAtKeys) ? answer : { is: 'put off', because: 'it says the same to a key that nobody knows' }
      },
    },
    write: {},
    say: {},
    close: async () => {},
  }
}

/** By Apple's own words: of a request whose device alone is wrong, the key was right. */
const answerOf = (status: number, reason: string, host: string): ApnsAnswer => {
  if (reason === '') throw noApns(host, status)
  if (reason === 'BadDeviceToken' || reason === 'Unregistered' || reason === 'DeviceTokenNotForTopic') return { is: 'let in' }
  if (reason === 'ExpiredProviderToken') return { is: 'put off', because: `${reason}: the clock of this machine is wrong` }
  if (status === 403 || reason === 'TopicDisallowed' || reason === 'BadTopic' || reason === 'MissingTopic') return { is: 'refused', reason }
  return { is: 'put off', because: `${status} ${reason}` }
}
