import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../environment/schema.ts'

/** By the name of a part: the state that it was seen in, and since when without another one seen between. */
type Seen = Readonly<Record<string, { readonly state: string; readonly since: string }>>

/**
 * Since when, as far as this machine has looked, each part is in its state; nothing for one whose state is new. Kept of each deployment in
 * `~/.cache/honeydue/seen`: what cannot be read or written there is not known, and takes nothing else with it.
 */
export const seenSince = async (
  environment: Environment,
  states: Readonly<Record<string, string>>,
  now: Date,
  env: NodeJS.ProcessEnv,
): Promise<Readonly<Record<string, string>>> => {
  const folder = join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'honeydue', 'seen')
  // Two deployments of one name, two sandboxes for example, are told apart by all that is set of them.
  const file = join(folder, `${createHash('sha256').update(JSON.stringify(environment)).digest('hex').slice(0, 16)}.json`)
  const before = await readSeen(file)
  const at = now.toISOString()
  const after: Seen = Object.fromEntries(
    Object.entries(states).map(([part, state]) => [part, before[part]?.state === state ? before[part] : { state, since: at }]),
  )
  const own = `${file}.${process.pid}`
  await mkdir(folder, { recursive: true, mode: 0o700 })
    .then(() => writeFile(own, JSON.stringify(after), { mode: 0o600 }))
    .then(() => rename(own, file))
    .catch(() => {})
  return Object.fromEntries(Object.entries(after).flatMap(([part, { since }]) => (since < at ? [[part, since]] : [])))
}

const readSeen = async (file: string): Promise<Seen> => {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof kept === 'object' && kept !== null ? (kept as Seen) : {}
  } catch {
    return {}
  }
}
