import { existsSync } from 'node:fs'

/** Where test/real/install.sh puts a program that it builds. */
export const pathOf = (name: string): string => `/usr/local/lib/honeydue-real/${name}`

/** The path of a program that test/real/install.sh builds, or an error that says how to get it. */
export const built = (name: string): string => {
  const path = pathOf(name)
  if (!existsSync(path)) throw new Error(`${path} is missing. Next: sudo test/real/install.sh`)
  return path
}
