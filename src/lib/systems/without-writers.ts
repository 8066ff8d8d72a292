import { readOnly } from '../environment/read-only.ts'
import type { Systems } from './systems.ts'

/** The same systems, each of whose writers refuses: readers, shell lines and rehearsals stay. */
export const withoutWriters = (systems: Systems, environment: string): Systems => {
  const refuse = async () => {
    throw readOnly(environment)
  }
  const shut = ([name, system]: readonly [string, { readonly write: object }]) =>
    [name, { ...system, write: Object.fromEntries(Object.keys(system.write).map((call) => [call, refuse])) }] as const
  return Object.fromEntries(Object.entries(systems).map(shut)) as unknown as Systems
}
