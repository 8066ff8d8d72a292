import { type Account, Moved, Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { httpTrouble } from '../http/trouble.ts'
import { textIn } from './xml.ts'

const keys = 'honeydue config:explain'

/** No answer, by the code of Node or OpenSSL. */
export const unanswered = (error: unknown, url: URL, timeoutMs: number): Unreachable => {
  const { code, likely = '' } = httpTrouble(error, url, timeoutMs)
  const own = code === 'http-tls' || code === 'http-silent' ? code.replace('http', 'storage') : 'storage-unreachable'
  const next = sh`curl -sv -o /dev/null --max-time 5 https://${url.host}/`
  return new Unreachable({ code: own, failed: `The storage ${url.host} does not answer`, cause: likely, next }, { cause: error })
}

/** Something answers that does not speak as a storage does: a captive portal, a proxy. */
export const noStorage = (host: string, status: number): Unreachable =>
  new Unreachable({
    code: 'storage-no-s3',
    failed: `The storage ${host} answered ${status}, and not as a storage does`,
    cause: 'something between answers in its place',
    next: sh`curl -sv -o /dev/null --max-time 5 https://${host}/`,
  })

/** An object came back as something else than what was uploaded. */
export const otherBytes = (object: string): Unreachable =>
  new Unreachable({
    code: 'storage-other-bytes',
    failed: `${object} came back with other bytes`,
    cause: 'something on the way, such as a proxy, changes what is read',
  })

type Kind = Omit<Account, 'failed'> & { readonly cause: string }

const credentials: Kind = { code: 'storage-credentials', cause: 'the key is not accepted: it was deleted, or is another', next: keys }
const forbidden: Kind = {
  code: 'storage-forbidden',
  cause: 'the key may not do this',
  next: 'make a key in Backblaze’s console: Application Keys',
}
const region: Kind = { code: 'storage-region', cause: 'storage.region is not the one of this endpoint', next: keys }
const busy: Kind = { code: 'storage-busy', cause: 'too many requests', next: 'the same command, in a minute' }

/** By the storage's own codes. */
const kinds: Readonly<Record<string, Kind>> = {
  InvalidAccessKeyId: credentials,
  SignatureDoesNotMatch: credentials,
  AccessDenied: forbidden,
  RequestTimeTooSkewed: {
    code: 'storage-clock',
    cause: 'this machine’s clock and the storage’s are more than a quarter of an hour apart',
    next: 'date -u',
  },
  AuthorizationHeaderMalformed: region,
  PermanentRedirect: region,
  NoSuchBucket: { code: 'storage-no-bucket', cause: 'there is no bucket of that name, or the key is of another account', next: keys },
  NotImplemented: { code: 'storage-not-there', cause: 'it does not have this part of the API' },
  SlowDown: busy,
  TooManyRequests: busy,
}

const cap: Kind = {
  code: 'storage-cap',
  cause: 'a spending cap is reached: it is not a matter of the key',
  next: 'raise the cap in Backblaze’s console: Caps & Alerts',
}

/** A refusal, by the code in its XML. */
export const refused = (status: number, xml: string, host: string, doing: string): Unreachable => {
  const [code = '', message = ''] = [textIn(xml, 'Code'), textIn(xml, 'Message')]
  // Backblaze has no code of its own for a cap (403 AccessDenied): its sentence is all that tells it from a right that is missing.
  const kind =
    status === 403 && /\bcap exceeded\b/i.test(message)
      ? cap
      : (kinds[code] ??
        (status >= 500
          ? { code: 'storage-server-error', cause: 'it has trouble of its own' }
          : { code: 'storage-refused', cause: 'it refuses such a request' }))
  const said = [code, message].filter((one) => one !== '').join(': ')
  return new Unreachable({
    ...kind,
    failed: `The storage ${host} answered ${status} to: ${doing}`,
    cause: `${kind.cause}${said && `; it says ${said}`}`,
  })
}

/** Somebody set other rules since they were read. */
export const rulesMoved = (bucket: string): Moved =>
  new Moved({
    code: 'storage-rules-moved',
    failed: `The lifecycle rules of ${bucket} are others than when the plan was made`,
    cause: 'somebody changed them meanwhile, in the console or by the API',
    next: 'honeydue storage:status',
  })
