import { createPrivateKey } from 'node:crypto'
import { apnsKey, apnsSecret } from '../../apns-secret.ts'
import { Blocked } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import type { ApnsAnswer } from '../../systems/apns/types.ts'
import { type HandMade, handMade } from './hand-made.ts'
import type { Said } from './let-in.ts'

/** What notifications to Apple are signed with. Each key has an id of its own, which the application reads beside it: both change at once. */
const key: HandMade<'apns'> = {
  find: async ({ apns }) => ({
    secret: apnsSecret,
    key: apnsKey,
    lines: true,
    form: whyNone,
    at: 'https://developer.apple.com/account/resources/authkeys (Keys: Apple Push Notifications service)',
    by: apns.host,
  }),
  untried: ({ apns }) => apns.lacking(),
  goesWith: async ({ apns: { keyIdKey, teamIdKey } }, { from }) =>
    keyIdKey === undefined || teamIdKey === undefined
      ? undefined
      : { key: keyIdKey, called: 'apns_key_id', next: from === undefined ? undefined : idIn(from) },
  ask: async ({ apns }, { next, companion }, value) => {
    if (value === undefined) return saidOf(await apns.asked())
    const { teamId } = await apns.ids()
    const id = (value === next ? companion?.next : companion?.old)?.reveal()
    return id === undefined
      ? { is: 'put off', because: 'its id is not known any more', next: 'honeydue secrets:status' }
      : saidOf(await apns.asked({ key: value, keyId: id, teamId }))
  },
  beside: ({ apns: { keyIdKey, teamIdKey } }) =>
    keyIdKey === undefined || teamIdKey === undefined
      ? 'The new key has another id, which the application reads from its configuration: set it there now, before its pods are restarted.'
      : undefined,
}

/** Apple gives its id once with the file: AuthKey_ABC123DEFG.p8. */
const idIn = (path: string): string => {
  const id = /(?:^|\/)AuthKey_([A-Z0-9]{10})\.p8$/.exec(path)?.[1]
  if (id !== undefined) return id
  throw new Blocked({
    code: 'secrets-no-key-id',
    failed: `The id of the key in ${path} is not known`,
    cause: 'Apple gives it once, in the name of the file: AuthKey_ and ten letters and digits, then .p8',
    next: 'the same command, with the file under the name that it came with',
  })
}

const whyNone = (value: Secret): string | undefined => {
  const text = value.reveal()
  if (!/^-----BEGIN PRIVATE KEY-----\n(?:[A-Za-z0-9+/=]+\n)+-----END PRIVATE KEY-----\n$/.test(text))
    return 'It is to be a private key in PKCS #8, as Apple gives it: the lines from BEGIN to END, and nothing beside them'
  try {
    return createPrivateKey(text).asymmetricKeyDetails?.namedCurve === 'prime256v1' ? undefined : 'It is no EC P-256 key'
  } catch {
    return 'What stands between its lines is no key'
  }
}

const saidOf = (answer: ApnsAnswer): Said => (answer.is === 'refused' ? { is: 'refused', because: `it answered ${answer.reason}` } : answer)

export const apnsAuthKey = handMade(key)
