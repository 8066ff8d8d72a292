import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The path of a program of this machine, or an error that says how to get it. */
export const installed = (name: string, debian: string): string => {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`${name} is missing (Debian's package ${debian}). Next: sudo test/real/install.sh`)
  return found
}
