import { createHash } from 'node:crypto'

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** One push of an image under a tag. */
export interface Push {
  /** Counted from 0: another one is other content. */
  readonly build: number
  /** "linux/amd64" … */
  readonly platforms: readonly string[]
  /** As `docker push` sends it: one manifest, whose platform stands in its configuration alone; otherwise an index, as buildx does. */
  readonly plain: boolean
}

/** A document that the registry keeps, under its digest. */
export interface Kept {
  readonly body: string
  readonly digest: string
  readonly type: string
}

export const firstPush: Push = { build: 0, platforms: ['linux/amd64'], plain: false }

const partsOf = (platform: string) => {
  const [os = '', architecture = ''] = platform.split('/')
  return { os, architecture }
}

const kept = (type: string, value: object): Kept => {
  const body = JSON.stringify({ ...('config' in value || 'manifests' in value ? { schemaVersion: 2, mediaType: type } : {}), ...value })
  return { body, digest: sha256(body), type }
}

/** An image's index as buildx pushes it, or its one manifest; its digests tell images apart and lead to no layers. */
export const manifestOf = (name: string, tag: string, push: Push = firstPush): Kept => {
  const content = `${name}:${tag}${push.build === 0 ? '' : `:${push.build}`}`
  if (push.plain) {
    const { body, digest, type } = configurationOf(push)
    return kept('application/vnd.oci.image.manifest.v1+json', {
      config: { mediaType: type, digest, size: body.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(content), size: 1024 }],
    })
  }
  return kept('application/vnd.oci.image.index.v1+json', {
    manifests: push.platforms.map((platform) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: sha256(platform === 'linux/amd64' ? content : `${content} ${platform}`),
      size: 1024,
      platform: (({ architecture, os }) => ({ architecture, os }))(partsOf(platform)),
    })),
  })
}

/** The configuration of a plain image: where its platform stands, if anywhere. */
export const configurationOf = ({ platforms: [platform] }: Push): Kept =>
  kept('application/vnd.oci.image.config.v1+json', platform === undefined ? {} : partsOf(platform))
