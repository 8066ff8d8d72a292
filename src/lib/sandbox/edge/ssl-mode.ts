import type { CloudflareState, SslMode } from './api/state.ts'

/** The mode that holds for a host: a page rule, a configuration rule (the last that fits), else the zone's setting. */
export function sslModeFor(
  { settings, configRules, pageRules }: Pick<CloudflareState, 'settings' | 'configRules' | 'pageRules'>,
  host: string,
): SslMode {
  const page = pageRules
    .filter(({ status, targets }) => status === 'active' && targets.some((target) => onPage(target.constraint?.value ?? '', host)))
    .sort((one, other) => other.priority - one.priority)
    .flatMap(({ actions }) => actions.flatMap((action) => ('id' in action && action.id === 'ssl' ? [action.value] : [])))[0]
  const rule = configRules.filter(({ enabled, expression }) => enabled && isFor(expression, host)).at(-1)?.action_parameters.ssl
  return (rule ?? page ?? settings.get('ssl')?.value ?? 'off') as SslMode
}

/** `*.myhoneydue.com/*`, with or without a scheme. */
function onPage(pattern: string, host: string): boolean {
  const [name = ''] = pattern.replace(/^https?:\/\//, '').split('/')
  const expression = name.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${expression}$`, 'i').test(host)
}

/** The forms of expression that name hosts; any other is taken to hold for every request. */
function isFor(expression: string, host: string): boolean {
  const names = [...expression.matchAll(/http\.host\s+(?:eq|in)\s+(?:"([^"]+)"|\{([^}]*)\})/g)].flatMap(([, one, many]) =>
    one !== undefined ? [one] : [...(many ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? ''),
  )
  return names.length === 0 ? true : names.includes(host)
}
