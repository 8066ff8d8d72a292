import { Usage } from '../errors.ts'
import { drills } from './index.ts'
import { seeded } from './seeded.ts'

/** The drill of this name, or the one that the seed chooses. Throws Usage (`drill-unknown`). */
export const chosenDrill = (name: string | undefined, seed: number): string => {
  const names = Object.keys(drills)
  if (name === undefined) return names[Math.floor(seeded(seed)() * names.length)] ?? ''
  if (names.includes(name)) return name
  throw new Usage({
    code: 'drill-unknown',
    failed: `There is no drill ${name}`,
    cause: `There are ${names.join(', ')}`,
    next: 'honeydue drill:list',
  })
}
