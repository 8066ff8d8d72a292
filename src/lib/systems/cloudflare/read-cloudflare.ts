import { Unreachable } from '../../errors.ts'
import type { CloudflareClient, Doing } from './client.ts'
import { statusOf } from './trouble.ts'
import type { AddressRecord, CloudflareReader, OriginCertificate, Purge, SslOverride, Zone } from './types.ts'

const perPage = 100
/** The SDK's own paging ends only at an empty page: against something that ignores the page it would never end. */
const maxPages = 50

interface Page<T> {
  readonly result?: readonly T[] | null
  /** The SDK's type leaves out `total_pages`, which the API sends. */
  readonly result_info?: object | null
}

/** Every item of a list, page after page. */
export const everyPage = async <T>(ask: (page: number) => Promise<Page<T>>): Promise<readonly T[]> => {
  const all: T[] = []
  for (let page = 1; page <= maxPages; page++) {
    const { result, result_info: info } = await ask(page)
    const items = result ?? []
    all.push(...items)
    const { total_pages: last } = (info ?? {}) as { readonly total_pages?: number }
    if (items.length === 0 || page >= (last ?? maxPages)) break
  }
  return all
}

const optional = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof Unreachable && statusOf(error.cause) === 404) return undefined
    throw error
  })

const reading = (what: string, permission: string): Doing => ({ doing: `read ${what}`, needs: `${permission} – Read` })

/** The zone by its name, looked up once. */
export const zoneByName = (client: CloudflareClient, name: string): (() => Promise<Zone>) => {
  let found: Promise<Zone> | undefined
  const look = async (): Promise<Zone> => {
    const zones = await client.read(reading(`the zone ${name}`, 'Zone – Zone'), (sdk) =>
      sdk.zones.list({ name }).then((page) => page.result),
    )
    // A domain that was added anew stands twice, and its old zone is no longer asked by anybody.
    const named = zones.filter((one) => one.name === name)
    const zone = named.find(({ status: is }) => is === 'active') ?? named[0]
    if (!zone)
      throw new Unreachable({
        code: 'cloudflare-no-zone',
        failed: `The token sees no zone ${name}`,
        cause: 'it belongs to another account, or is limited to other zones',
        next: 'look at the token in the dashboard: My Profile, API Tokens',
      })
    const { id, account, plan, status = 'unknown', paused = false } = zone
    return { id, name, account: account?.name ?? '', plan: plan?.name ?? '', status, paused }
  }
  return () => {
    // A failure is not remembered: the next question is asked anew.
    found ??= look().catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}

/** The reading half: see `CloudflareReader`. */
export const readCloudflare = (
  client: CloudflareClient,
  zone: () => Promise<Zone>,
  purged: readonly Purge[],
): Omit<CloudflareReader, 'signedByOriginCa' | 'token' | 'letsIn'> => ({
  zone,
  settings: async () => {
    const { id: zone_id } = await zone()
    const setting = (name: string) =>
      client.read(reading(`the setting ${name}`, 'Zone – Zone Settings'), async (sdk) => {
        const found = (await sdk.zones.settings.get(name, { zone_id })) as { readonly value?: unknown } | null
        return found?.value === undefined ? undefined : String(found.value)
      })
    const [ssl, https, automatic] = await Promise.all([
      setting('ssl'),
      setting('always_use_https'),
      optional(setting('ssl_automatic_mode')),
    ])
    return { ssl, alwaysUseHttps: https === 'on', ...(automatic !== undefined && { sslAutomatic: automatic }) }
  },
  sslOverrides: async () => {
    const { id: zone_id } = await zone()
    const [rules, pages] = await Promise.all([
      // A zone that never had a configuration rule answers 404.
      optional(
        client.read(reading('the configuration rules', 'Zone – Config Rules'), async (sdk) => {
          const { rules: all } = await sdk.rulesets.phases.get('http_config_settings', { zone_id })
          return all ?? []
        }),
      ),
      client.read(reading('the page rules', 'Zone – Page Rules'), (sdk) => sdk.pageRules.list({ zone_id, status: 'active' })),
    ])
    return [...(rules ?? []).flatMap(ofConfigurationRule), ...pages.flatMap(ofPageRule)]
  },
  addresses: async (names) => {
    const { id: zone_id } = await zone()
    const list = (type: 'A' | 'AAAA') =>
      client.read(reading(`the ${type} records`, 'Zone – DNS'), (sdk) =>
        everyPage((page) => sdk.dns.records.list({ zone_id, type, page, per_page: perPage })),
      )
    const found = (await Promise.all([list('A'), list('AAAA')])).flat().flatMap((record): readonly AddressRecord[] => {
      const { name, content, proxied, comment, tags } = record
      if ((record.type !== 'A' && record.type !== 'AAAA') || content === undefined) return []
      return [
        {
          name: name.toLowerCase(),
          type: record.type,
          address: content,
          proxied: proxied === true,
          ...(comment && { comment }),
          ...(tags && tags.length > 0 && { tags: tags.map(String) }),
        },
      ]
    })
    return names === undefined ? found : found.filter(({ name }) => names.includes(name))
  },
  aliases: async () => {
    const { id: zone_id } = await zone()
    const found = await client.read(reading('the CNAME records', 'Zone – DNS'), (sdk) =>
      everyPage((page) => sdk.dns.records.list({ zone_id, type: 'CNAME', page, per_page: perPage })),
    )
    return found.flatMap((record) =>
      record.type === 'CNAME' && record.content !== undefined
        ? [{ name: record.name.toLowerCase(), target: record.content.toLowerCase(), proxied: record.proxied === true }]
        : [],
    )
  },
  ranges: async () => {
    const found = await client.read(
      { doing: 'read the published ranges', needs: 'none' },
      async (sdk) => (await sdk.ips.list()) as { readonly ipv4_cidrs?: readonly string[]; readonly ipv6_cidrs?: readonly string[] },
      'nobody',
    )
    return { ipv4: found.ipv4_cidrs ?? [], ipv6: found.ipv6_cidrs ?? [] }
  },
  originCertificates: async () => {
    const { id: zone_id } = await zone()
    const needs = 'Zone – SSL and Certificates'
    const listed = await client.read(reading('the Origin CA certificates', needs), (sdk) =>
      everyPage((page) => sdk.originCACertificates.list({ zone_id, page, per_page: 50 })),
    )
    return Promise.all(
      listed.map(async ({ id = '', hostnames, expires_on, certificate }): Promise<OriginCertificate> => {
        // The list may leave the PEM out.
        const pem =
          certificate || (await client.read(reading(`certificate ${id}`, needs), (sdk) => sdk.originCACertificates.get(id))).certificate
        return { id, names: hostnames, expiresAt: readExpiry(expires_on), certificate: pem ?? '' }
      }),
    )
  },
  purged: async () => purged,
})

/** Printed as Go prints a time, "2040-11-21 03:00:00 +0000 UTC", or as RFC 3339. */
const readExpiry = (text: string | undefined): Date => {
  const [, day, time, zone = '+0000'] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?/.exec(text ?? '') ?? []
  return new Date(`${day}T${time}${zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`}`)
}

const ofConfigurationRule = (rule: object): readonly SslOverride[] => {
  const {
    enabled = true,
    expression = '',
    action_parameters,
  } = rule as {
    readonly enabled?: boolean
    readonly expression?: string
    readonly action_parameters?: { readonly ssl?: string }
  }
  return enabled && action_parameters?.ssl !== undefined
    ? [{ kind: 'configuration rule', where: expression, ssl: action_parameters.ssl }]
    : []
}

const ofPageRule = (rule: object): readonly SslOverride[] => {
  const { actions = [], targets = [] } = rule as {
    readonly actions?: readonly { readonly id?: string; readonly value?: unknown }[]
    readonly targets?: readonly { readonly constraint?: { readonly value?: string } }[]
  }
  const where = targets.map(({ constraint }) => constraint?.value ?? '').join(', ')
  return actions.flatMap(({ id, value }) => (id === 'ssl' ? [{ kind: 'page rule' as const, where, ssl: String(value) }] : []))
}
