import { existsSync } from 'node:fs'

/** The path of a program that test/real/install.sh builds, or an error that says how to get it. */
export const built = (name: string): string => {
  const path = `/usr/local/lib/honeydue-real/${name}`
  if (!existsSync(path)) throw new Error(`${path} is missing. Next: sudo test/real/install.sh`)
  return path
}
