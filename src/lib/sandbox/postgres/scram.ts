import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** What `pg_authid.rolpassword` holds: `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`. */
export interface Verifier {
  readonly iterations: number
  readonly salt: string
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** Enough to log in to the server without the password, as PgBouncer does. */
export interface Keys {
  readonly clientKey: Buffer
  readonly serverKey: Buffer
}

const hmac = (key: Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()
const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))

export const parseVerifier = (stored: string): Verifier | undefined => {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(stored)
  const [, iterations, salt, storedKey, serverKey] = match ?? []
  if (!iterations || !salt || !storedKey || !serverKey) return undefined
  return { iterations: Number(iterations), salt, storedKey: Buffer.from(storedKey, 'base64'), serverKey: Buffer.from(serverKey, 'base64') }
}

const known = new Map<string, Keys>()

/** The keys that this password has with a salt. They take 2 ms to make, and every pod asks for the same. */
const keysWith = (password: string, salt: Buffer, iterations: number): Keys => {
  const name = [password, salt.toString('base64'), iterations].join('\0')
  const before = known.get(name)
  if (before) return before
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const keys = { clientKey: hmac(salted, 'Client Key'), serverKey: hmac(salted, 'Server Key') }
  known.set(name, keys)
  return keys
}

/** The keys with which this password logs in to a role that has the verifier; undefined where it is another role's, or an old one. */
export const keysFor = (password: string, stored: string): Keys | undefined => {
  const verifier = parseVerifier(stored)
  if (!verifier) return undefined
  const keys = keysWith(password, Buffer.from(verifier.salt, 'base64'), verifier.iterations)
  return timingSafeEqual(sha256(keys.clientKey), verifier.storedKey) ? keys : undefined
}

/** A verifier as PostgreSQL would store it for this password, and the keys that go with it. */
export const credentialsOf = (password: string): { readonly verifier: string; readonly keys: Keys } => {
  const salt = randomBytes(16)
  const keys = keysWith(password, salt, 4096)
  return {
    keys,
    verifier: `SCRAM-SHA-256$4096:${salt.toString('base64')}$${sha256(keys.clientKey).toString('base64')}:${keys.serverKey.toString('base64')}`,
  }
}

const attributes = (text: string): Map<string, string> => new Map(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))

/** The server's side of one login (RFC 5802, no channel binding). */
export const scramServer = (verifier: Verifier, clientFirst: string) => {
  const [flag = '', authorization = '', ...bare] = clientFirst.split(',')
  const header = `${flag},${authorization},`
  const clientBare = bare.join(',')
  const nonce = `${attributes(clientBare).get('r') ?? ''}${randomBytes(18).toString('base64')}`
  const serverFirst = `r=${nonce},s=${verifier.salt},i=${verifier.iterations}`
  return {
    serverFirst,
    /** The keys and the server's last word when the proof is right. */
    finish(clientFinal: string): { readonly keys: Keys; readonly serverFinal: string } | undefined {
      const given = attributes(clientFinal)
      const proof = Buffer.from(given.get('p') ?? '', 'base64')
      if (given.get('r') !== nonce || given.get('c') !== Buffer.from(header).toString('base64') || proof.length !== 32) return undefined
      const exchanged = `${clientBare},${serverFirst},${clientFinal.slice(0, clientFinal.lastIndexOf(',p='))}`
      const clientKey = xor(proof, hmac(verifier.storedKey, exchanged))
      if (!timingSafeEqual(sha256(clientKey), verifier.storedKey)) return undefined
      return {
        keys: { clientKey, serverKey: verifier.serverKey },
        serverFinal: `v=${hmac(verifier.serverKey, exchanged).toString('base64')}`,
      }
    },
  }
}

/** The client's side, from keys instead of a password. */
export const scramClient = (keys: Keys) => {
  const nonce = randomBytes(18).toString('base64')
  const bare = `n=,r=${nonce}`
  return {
    clientFirst: `n,,${bare}`,
    finish(serverFirst: string): string {
      const unproven = `c=biws,r=${attributes(serverFirst).get('r') ?? ''}`
      const signature = hmac(sha256(keys.clientKey), `${bare},${serverFirst},${unproven}`)
      return `${unproven},p=${xor(keys.clientKey, signature).toString('base64')}`
    },
  }
}
