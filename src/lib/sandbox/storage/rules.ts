/** A rule as Backblaze keeps it, in days; one of each prefix. */
export interface SandboxRule {
  readonly prefix: string
  readonly hide?: number
  readonly remove?: number
  /** Uploads in parts that nobody ends. */
  readonly cancel?: number
  readonly enabled?: boolean
  /** A condition beside the prefix, as XML. */
  readonly condition?: string
}

export const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&#34;')

/** What Backblaze makes of one rule of its console: a hide comes back as two. */
export const ruleXml = ({ prefix, hide, remove, cancel, enabled = true, condition = '' }: SandboxRule): string => {
  const rule = (inside: string) =>
    `<Rule><Filter><Prefix>${escaped(prefix)}</Prefix>${condition}</Filter><Status>${enabled ? 'Enabled' : 'Disabled'}</Status>${inside}</Rule>`
  return [
    ...(hide === undefined
      ? []
      : [
          rule(`<Expiration><Days>${hide}</Days></Expiration>`),
          rule('<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>'),
        ]),
    ...(remove === undefined
      ? []
      : [rule(`<NoncurrentVersionExpiration><NoncurrentDays>${remove}</NoncurrentDays></NoncurrentVersionExpiration>`)]),
    ...(cancel === undefined
      ? []
      : [rule(`<AbortIncompleteMultipartUpload><DaysAfterInitiation>${cancel}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`)]),
  ].join('')
}

/** The rules of a configuration as somebody sends it, those of a prefix together; undefined where it is none. */
export const rulesIn = (xml: string): SandboxRule[] | undefined => {
  const [, inside] = /^<LifecycleConfiguration(?: [^>]*)?>([\s\S]+)<\/LifecycleConfiguration>$/.exec(xml.trim()) ?? []
  if (inside === undefined) return undefined
  const found = new Map<string, SandboxRule>()
  for (const [, rule = ''] of inside.matchAll(/<Rule>([\s\S]*?)<\/Rule>/g)) {
    const prefix = (/<Prefix>([^<]*)<\/Prefix>/.exec(rule)?.[1] ?? '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
    const days = (name: string): number | undefined => {
      const [, count] = new RegExp(`<${name}>(\\d+)</${name}>`).exec(rule) ?? []
      return count === undefined ? undefined : Number(count)
    }
    const [hide, remove, cancel] = ['Days', 'NoncurrentDays', 'DaysAfterInitiation'].map(days)
    const before = found.get(prefix)
    found.set(prefix, {
      ...before,
      prefix,
      ...(hide !== undefined && { hide }),
      ...(remove !== undefined && { remove }),
      ...(cancel !== undefined && { cancel }),
      ...(/<Status>Disabled<\/Status>/.test(rule) && { enabled: false }),
    })
  }
  return [...found.values()]
}
