/** An image's parts as a registry is asked for them. */
export interface Reference {
  /** With its port, where that is not 443. */
  readonly host: string
  readonly name: string
  /** A tag, or a digest, which counts where both are given. */
  readonly version: string
}

/** Undefined where the image names no registry: the cluster itself decides then which one is asked. */
export const referenceOf = (image: string): Reference | undefined => {
  const [, host, name, tag, digest] = /^([^/]+)\/([^:@]+)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? []
  if (host === undefined || name === undefined || !/[.:]/.test(host)) return undefined
  return { host, name, version: digest ?? tag ?? 'latest' }
}
