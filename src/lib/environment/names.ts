import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { configFile } from './load.ts'

/** The names that `--env` takes here: those of the configuration file, beside `production` and `sandbox`. A file that cannot be read has none. */
export const environmentNames = (env: NodeJS.ProcessEnv): readonly string[] => {
  let own: readonly string[] = []
  try {
    const { environments } = parse(readFileSync(configFile(env), 'utf8')) as { readonly environments?: object }
    own = Object.keys(environments ?? {})
  } catch {
    // Nothing is configured here, or badly: the command itself says so.
  }
  return [...new Set(['production', 'sandbox', ...own])]
}
