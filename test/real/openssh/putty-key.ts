import { createHash, createHmac, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What puttygen makes of an RSA key, unencrypted. */
export const puttyKey = (key: string): string => {
  const words = createPrivateKey(readFileSync(key, 'utf8')).export({ format: 'jwk' }) as Record<string, string>
  const framed = (data: Buffer | string) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(data))
    return Buffer.concat([length, Buffer.from(data)])
  }
  const numbers = ['d', 'p', 'q', 'qi'].map((name) => {
    const bytes = Buffer.from(words[name] ?? '', 'base64url')
    return framed((bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
  })
  const [secret, open] = [Buffer.concat(numbers), Buffer.from(readFileSync(`${key}.pub`, 'utf8').split(' ')[1] ?? '', 'base64')]
  const keyed = createHash('sha1').update('putty-private-key-file-mac-key').digest()
  const mac = createHmac('sha1', keyed).update(Buffer.concat([...['ssh-rsa', 'none', 'it', open, secret].map(framed)]))
  const lines = (name: string, data: Buffer) => {
    const all = data.toString('base64').match(/.{1,64}/g) ?? []
    return [`${name}-Lines: ${all.length}`, ...all]
  }
  const head = ['PuTTY-User-Key-File-2: ssh-rsa', 'Encryption: none', 'Comment: it']
  return [...head, ...lines('Public', open), ...lines('Private', secret), `Private-MAC: ${mac.digest('hex')}`, ''].join('\n')
}
