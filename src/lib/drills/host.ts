import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Drill, Sign } from './drill.ts'
import { type Difference, differences, pictureOf } from './picture.ts'
import { seeded } from './seeded.ts'
import { makeTraffic, type Traffic } from './traffic.ts'

/** How a drill stands. Times: RFC 3339. */
export interface Standing {
  readonly name: string
  readonly seed: number
  readonly heard: string
  readonly brokenAt?: string | undefined
  readonly hints: readonly string[]
  readonly hintsLeft: number
  readonly traffic: {
    readonly sent: number
    readonly lost: number
    readonly firstLost?: string
    readonly lastLost?: string
    readonly lately: number
  }
}

/** What a look at the repair found. */
export interface Checked extends Standing {
  readonly passed: boolean
  readonly at: string
  /** What may be told before it is repaired. */
  readonly symptom: readonly Sign[]
  /** What names the cause. */
  readonly causes: readonly Sign[]
  readonly origin: string
  readonly page: string
  /** The shortest way, as command lines without the environment. */
  readonly way: readonly string[]
}

export interface Hosted {
  standing(): Standing
  /** The next hint; undefined where there is none left. */
  hint(): string | undefined
  check(): Promise<Checked>
}

/** Seconds of good weather before it breaks, at the most and at the least. */
const [least, most] = [2, 6]

/** Runs one drill on a sandbox of its own: traffic, a moment that the seed decides, the break; then it looks when it is asked. */
export const hostDrill = async (
  drill: Drill,
  {
    sandbox,
    seed,
    signal,
    atOnce,
  }: { readonly sandbox: Sandbox; readonly seed: number; readonly signal: AbortSignal; readonly atOnce?: boolean },
): Promise<Hosted> => {
  const random = seeded(seed)
  const world = { sandbox, random }
  const traffic = makeTraffic(sandbox.edge.port, readFileSync(join(sandbox.dir, 'ca.crt'), 'utf8'), signal)
  const wait = (least + random() * (most - least)) * 1000
  if (!atOnce) await systemClock.sleep(wait, signal)
  const before = pictureOf(sandbox)
  traffic.again()
  await drill.breaks(world)
  const brokenAt = new Date().toISOString()
  const brokenParts = new Set(differences(before, pictureOf(sandbox)).map(({ part }) => part))
  const hints: string[] = []
  const standing = (): Standing => ({
    name: drill.name,
    seed,
    heard: drill.heard,
    brokenAt,
    hints,
    hintsLeft: drill.hints.length - hints.length,
    traffic: written(traffic.counts()),
  })
  // Which pods are ready follows from what broke.
  const isOfTheBreak = ({ part }: Difference) => brokenParts.has(part) || part.startsWith('ready pods of ')
  return {
    standing,
    hint: () => {
      const next = drill.hints[hints.length]
      if (next !== undefined) hints.push(next)
      return next
    },
    check: async () => {
      const counts = traffic.counts()
      const answered: Sign = {
        what: 'Customers are answered',
        because:
          counts.lately < Math.min(20, counts.sent) ? `${counts.lately} of the last ${Math.min(20, counts.sent)} requests were` : undefined,
      }
      const others = differences(before, pictureOf(sandbox), drill.leaves)
      const [cause, harmed] = [others.filter(isOfTheBreak), others.filter((one) => !isOfTheBreak(one))]
      const symptom = [answered, sign('Nothing else is otherwise than it was', harmed)]
      const causes = [...((await drill.over?.(world)) ?? []), sign('What broke is as it was', cause)]
      const way = (await drill.way(world)).map((words) => ['honeydue', ...words].join(' '))
      const passed = [...symptom, ...causes].every(({ because }) => because === undefined)
      return { ...standing(), passed, at: new Date().toISOString(), symptom, causes, origin: drill.origin, page: drill.page, way }
    },
  }
}

const sign = (what: string, others: readonly Difference[]): Sign => ({
  what,
  because: others.length > 0 ? others.map(({ part, was, is }) => `${part}: ${was} before, ${is} now`).join('; ') : undefined,
})

const written = ({ sent, lost, firstLost, lastLost, lately }: Traffic): Standing['traffic'] => ({
  sent,
  lost,
  lately,
  ...(firstLost !== undefined && { firstLost: new Date(firstLost).toISOString() }),
  ...(lastLost !== undefined && { lastLost: new Date(lastLost).toISOString() }),
})
