import { createHash } from 'node:crypto'

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** An image's index as buildx pushes it; its digests tell images apart and lead to no layers. */
export const manifestOf = (name: string, tag: string): { readonly body: string; readonly digest: string; readonly type: string } => {
  const type = 'application/vnd.oci.image.index.v1+json'
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: sha256(`${name}:${tag}`),
        size: 1024,
        platform: { architecture: 'amd64', os: 'linux' },
      },
    ],
  })
  return { body, digest: sha256(body), type }
}
