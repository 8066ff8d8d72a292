import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { signedBy } from '../../certificates.ts'
import { Usage } from '../../errors.ts'

/** The keys of the two Origin CAs, ECC and RSA: their root certificates are renewed with the same keys. */
const published = [
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkfrBgC7mhrIZ1G3MSq8vtCxF2eDWOiVALUngOoPOyt42gMaSIPRudD6JKX1pIW2qy36XGbtFAKGMtrLtBITe8A==',
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwEiVZ/UoQpHmFsHvk5isBxRehukP8DG9JhFev3WZtG76WoTthvLJFRKFCHXmV6Z5/66Z4S09mgsUuFwvJzMnE6Ej6yIsYNCb9r9QORa8BdhrkNn6kdTly3mdnykbOomnwbUfLlExVgNdlP0XoRoeMwbQ4598foiHblO2B/LKuNfJzAMfS7oZe34b+vLByrP/1bgCSLdc1AxQc1AC0EsQQhgcyTJNgnG4va1c7ogPlwKyhbDyZ4e59N5lbYPJSmXI/cAe3jXj1FBLJZkwnoDKe0v13xeF+nF32smSH0qB7aJX2tBMW4TWtFPmzs5IlwrFSySWAdwYdgxw180yKU0dvwIDAQAB',
]

/** Whether a certificate is signed by the Origin CA: by the roots of `file`, or else by the published keys. */
export const originCa = (file: string | undefined): ((pem: string) => Promise<boolean>) => {
  let keys: Promise<readonly KeyObject[]> | undefined
  return async (pem) => {
    keys ??= file === undefined ? Promise.resolve(published.map(publishedKey)) : keysIn(file)
    return signedBy(pem, await keys)
  }
}

const publishedKey = (base64: string): KeyObject => createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })

const keysIn = async (file: string): Promise<readonly KeyObject[]> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Usage(
      {
        code: 'origin-ca',
        failed: `${file}, which the environment names as cloudflare.origin_ca, cannot be read`,
        next: 'honeydue config:explain',
      },
      { cause: error },
    )
  })
  const roots = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  return roots.map((pem) => new X509Certificate(pem).publicKey)
}
