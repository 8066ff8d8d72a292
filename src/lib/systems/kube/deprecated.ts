/** A version of an API that somebody has asked a server for since it started, although it is deprecated. */
export interface DeprecatedApi {
  /** `flowschemas.v1beta3.flowcontrol.apiserver.k8s.io`. */
  readonly api: string
  /** "1.32"; undefined where no release is named that removes it. */
  readonly removedIn?: string
}

/** In what an API server counts of itself. */
export const deprecatedIn = (metrics: string): readonly DeprecatedApi[] => {
  const found = metrics.split('\n').flatMap((line) => {
    const [, labels = ''] = /^apiserver_requested_deprecated_apis\{([^}]*)\} 1$/.exec(line) ?? []
    const of = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? ''
    const api = [of('resource'), of('version'), of('group')].filter(Boolean).join('.')
    const removedIn = of('removed_release')
    return api === '' ? [] : [{ api, ...(removedIn !== '' && { removedIn }) }]
  })
  return [...new Map(found.map((one) => [one.api, one])).values()].sort((one, other) => (one.api < other.api ? -1 : 1))
}
