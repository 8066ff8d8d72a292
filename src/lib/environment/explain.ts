import { Secret } from '../secret.ts'
import type { Examined } from './load.ts'

/** One value of an environment: its dotted path, itself as text, and where it came from. */
export interface Setting {
  readonly path: string
  readonly value: string
  readonly source: string
}

/** These name a secret's place, and are none. */
const names = new Set(['database.secret', 'redis.secret', 'redis.passwordKey'])
/** What prints a token. */
const commands = new Set(['cloudflare.token_command', 'neon.api_key_command'])
const mask = String(new Secret(''))

/** Whatever sounds like a secret is masked: also what somebody wrote where no secret belongs. */
const masked = (path: string, value: string): string => {
  if (names.has(path)) return value
  if (/pass|secret|token|credential|key$/i.test(path.split('.').at(-1) ?? '')) return mask
  return value.replace(/:\/\/[^/@\s]+@/g, `://${mask}@`)
}

const leaves = (value: unknown, path: string): readonly (readonly [string, string])[] => {
  // Its words may hold the token itself.
  if (commands.has(path) && Array.isArray(value)) return [[path, `${value[0]}${value.length > 1 ? ` ${mask}` : ''}`]]
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return [[path, masked(path, value.join(', '))]]
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, below]) => leaves(below, path ? `${path}.${key}` : key))
  return [[path, masked(path, String(value))]]
}

/** Every value with its source, in the order of the built-in ones; and where each token would come from. */
export const explain = (examined: Examined, env: NodeJS.ProcessEnv): readonly Setting[] => {
  const settings = leaves(examined.values, '').map(([path, value]) => ({
    path,
    value,
    source: examined.sources.get(path.replace(/\.\d+(\..*)?$/, '')) ?? (path === 'name' && examined.file ? examined.file : 'built-in'),
  }))
  const token = (called: string, variable: string, setting: string): Setting => {
    const command = settings.some(({ path }) => path === setting)
    const source = env[variable] ? `environment variable ${variable}` : command ? setting : undefined
    return { path: `(${called})`, value: source ? mask : 'not set', source: source ?? 'nowhere' }
  }
  return [
    ...settings,
    token('Cloudflare API token', 'CLOUDFLARE_API_TOKEN', 'cloudflare.token_command'),
    token('Neon API key', 'NEON_API_KEY', 'neon.api_key_command'),
  ]
}
