/** Asks for a manifest or a configuration by its digest. */
export type Get = (what: 'manifests' | 'blobs', by: string) => Promise<unknown>

interface Platform {
  readonly os?: string
  readonly architecture?: string
}

/** An index names them; of a plain image the configuration does. */
export const platformsOf = async (digest: string, get: Get): Promise<readonly string[] | undefined> => {
  const { manifests, config } = ((await get('manifests', digest)) ?? {}) as {
    readonly manifests?: readonly { readonly platform?: Platform }[]
    readonly config?: { readonly digest?: string }
  }
  const said = ({ os, architecture }: Platform = {}): readonly string[] =>
    !os || !architecture || os === 'unknown' ? [] : [`${os}/${architecture}`]
  if (Array.isArray(manifests)) return [...new Set(manifests.flatMap(({ platform }) => said(platform)))]
  const own = config?.digest === undefined ? [] : said(((await get('blobs', config.digest)) ?? {}) as Platform)
  return own.length > 0 ? own : undefined
}
