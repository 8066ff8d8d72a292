import type { Zone } from 'cloudflare/resources/zones/zones'
import { type Answer, paged, refuse } from './answer.ts'
import type { CloudflareState } from './state.ts'

/** `GET /zones`: by name, exactly; a name that is no zone of the account is an empty list, not an error. */
export function listZones(state: CloudflareState, query: URLSearchParams): Answer {
  const [wanted, status] = [query.get('name')?.toLowerCase() ?? null, query.get('status')]
  const found: readonly Zone[] = [...state.otherZones, state.zone].filter(
    (zone) => (wanted === null || wanted === zone.name) && (status === null || status === zone.status),
  )
  return paged(found, query, 20, 50)
}

const values: Readonly<Record<string, readonly string[]>> = {
  ssl: ['off', 'flexible', 'full', 'strict', 'origin_pull'],
  always_use_https: ['on', 'off'],
  ssl_automatic_mode: ['auto', 'custom'],
  min_tls_version: ['1.0', '1.1', '1.2', '1.3'],
}

export function getSetting(state: CloudflareState, id: string): Answer {
  const setting = state.settings.get(id)
  if (!setting) throw refuse(404, 1003, `Undefined zone setting: ${id}`)
  const { value, modified } = setting
  return { result: { id, value, modified_on: modified, editable: true } }
}

export function editSetting(state: CloudflareState, id: string, body: unknown, now: Date): Answer {
  const value = (body as { readonly value?: unknown } | undefined)?.value
  if (!state.settings.has(id)) throw refuse(404, 1003, `Undefined zone setting: ${id}`)
  if (typeof value !== 'string' || !values[id]?.includes(value)) throw refuse(400, 1007, `Invalid value for zone setting ${id}`)
  state.settings.set(id, { value, modified: now.toISOString() })
  return getSetting(state, id)
}

/** The entry point of the configuration rules; a zone that never had one answers 404, which means "no rules". */
export function configRuleset(state: CloudflareState, phase: string): Answer {
  const rules = phase === 'http_config_settings' ? state.configRules : []
  if (rules.length === 0) throw refuse(404, 10003, `could not find entrypoint ruleset in the "${phase}" phase`)
  const updated = rules[0]?.last_updated
  return {
    result: {
      id: `${state.zone.id.slice(0, 24)}c0ffee00`,
      name: 'default',
      kind: 'zone',
      phase,
      version: '1',
      last_updated: updated,
      rules,
    },
  }
}

export function listRulesets(state: CloudflareState): Answer {
  const found = state.configRules.length === 0 ? [] : [configRuleset(state, 'http_config_settings').result as Record<string, unknown>]
  return { result: found.map(({ rules: _, ...about }) => about) }
}

export function listPageRules(state: CloudflareState, query: URLSearchParams): Answer {
  const status = query.get('status')
  return { result: state.pageRules.filter((rule) => status === null || rule.status === status) }
}
