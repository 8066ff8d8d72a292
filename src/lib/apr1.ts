import { createHash, timingSafeEqual } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const md5 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** A password as Apache's htpasswd and `openssl passwd -apr1` hash it: one of the two forms that Traefik's basicAuth takes and both programs make. */
export const apr1 = (password: string, salt: string): string => {
  const word = Buffer.from(password)
  const inner = md5(word, salt, word)
  const first = createHash('md5').update(word).update(`$apr1$${salt}`)
  for (let left = word.length; left > 0; left -= 16) first.update(inner.subarray(0, Math.min(16, left)))
  for (let bits = word.length; bits > 0; bits >>= 1) first.update(bits & 1 ? Buffer.of(0) : word.subarray(0, 1))
  let digest: Buffer = first.digest()
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1
    digest = md5(odd ? word : digest, round % 3 === 0 ? '' : salt, round % 7 === 0 ? '' : word, odd ? digest : word)
  }
  const byte = (at: number): number => digest[at] ?? 0
  const sets = [0, 1, 2, 3, 4].map((at) => (byte(at) << 16) | (byte(at + 6) << 8) | byte(at === 4 ? 5 : at + 12))
  const text = [...sets.map((set) => in64(set, 4)), in64(byte(11), 2)].join('')
  return `$apr1$${salt}$${text}`
}

const in64 = (value: number, letters: number): string =>
  Array.from({ length: letters }, (_, at) => alphabet[(value >> (6 * at)) & 63]).join('')

/** Whether a line of htpasswd has this password; undefined where it is hashed in another way. */
export const apr1Has = (hash: string, password: string): boolean | undefined => {
  const salt = /^\$apr1\$([./0-9A-Za-z]{1,8})\$[./0-9A-Za-z]{22}$/.exec(hash)?.[1]
  if (salt === undefined) return undefined
  const made = apr1(password, salt)
  return made.length === hash.length && timingSafeEqual(Buffer.from(made), Buffer.from(hash))
}
