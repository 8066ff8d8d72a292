import { generateKeyPairSync } from 'node:crypto'
import { Secret } from './secret.ts'

/** Who signs with a key of our own making, which Apple does not know. */
export const stranger = (teamId: string) => ({
  key: new Secret(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  keyId: 'NOBODYSKEY',
  teamId,
})
