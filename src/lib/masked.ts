const hidden = '••••'

/** What stands before a secret in what programs write: `password=…`, `"api_key": "…"`, `Authorization: Bearer …`. */
const named =
  /((?:\b|_)(?:pass(?:word|wd)?|pwd|secret(?:[_-]?key)?|token|api[_-]?key|access[_-]?key|private[_-]?key|server[_-]?key|credentials?|authorization|cookie)(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?(?:(?:bearer|basic|token)\s+)?)(?!••••)[^\s"',;&\\]{3,}/gi

const scheme = /\b(bearer|basic)\s+(?!••••)[\w+/=.~-]{8,}/gi
/** `postgres://user:password@host`. */
const login = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi
const webToken = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** One of these is in all that is hidden by its look; most of what is written has none, and costs one search instead of five. */
const mayHide = /[:=]|eyJ|bearer|basic|-----BEGIN/i

/** What the world wrote, without what is secret in it: the values that are `known`, and what has the look of one by what stands around it. */
export const masked = (text: string, known: readonly string[] = []): string => {
  let left = text
  for (const secret of known) if (secret.length <= left.length) left = left.replaceAll(secret, hidden)
  return mayHide.test(left) ? maskedByLook(left) : left
}

const maskedByLook = (text: string): string =>
  text
    .replace(privateKey, hidden)
    .replace(login, `$1${hidden}`)
    .replace(webToken, hidden)
    .replace(named, `$1${hidden}`)
    .replace(scheme, `$1 ${hidden}`)
