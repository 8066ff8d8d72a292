import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { counted } from '../counted.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { watchOperators } from './attention.ts'
import { makeDeploys } from './deploys.ts'
import { type Drill, lineOf, type Sign } from './drill.ts'
import { type Jobs, makeJobs } from './jobs.ts'
import { type Difference, differences, pictureOf } from './picture.ts'
import { seeded } from './seeded.ts'
import type { Checked, Standing } from './standing.ts'
import { makeTraffic, type Traffic, usualPause } from './traffic.ts'
import { trailFor } from './trails.ts'

export interface Hosted {
  standing(): Standing
  /** The next hint; undefined where there is none left. */
  hint(): string | undefined
  check(): Promise<Checked>
}

export interface HostOptions {
  readonly sandbox: Sandbox
  readonly seed: number
  readonly signal: AbortSignal
  /** Something looks guilty beside it, and is not. */
  readonly falseTrail?: boolean
  /** How many times faster everything passes for which nobody learns by waiting. */
  readonly speed?: number
  /** Without the good weather before. */
  readonly atOnce?: boolean
  /** Milliseconds between two requests of customers. */
  readonly pause?: number
}

/** Seconds of good weather before it breaks, at the most and at the least. */
const [least, most] = [2, 6]

/** Between two jobs, as many requests as come in a second. */
const requestsPerJob = 7

/** Runs one drill on a sandbox of its own: traffic, a moment that the seed decides, the break; then it looks when it is asked. */
export const hostDrill = async (drill: Drill, options: HostOptions): Promise<Hosted> => {
  const { sandbox, seed, signal, falseTrail = false, speed = 1, atOnce = false, pause = usualPause } = options
  const random = seeded(seed)
  const world = { sandbox, random, signal }
  const wait = ((least + random() * (most - least)) * 1000) / speed
  // Of a seed of its own: what the drill itself draws is the same with it and without.
  const trail = falseTrail ? trailFor(drill.name, seeded(seed + 1)) : undefined
  await trail?.plant({ ...world, random: seeded(seed + 2) })
  const traffic = makeTraffic(sandbox.edge.port, readFileSync(join(sandbox.dir, 'ca.crt'), 'utf8'), signal, pause)
  const jobs = makeJobs(sandbox.redis, { every: pause * requestsPerJob, signal })
  const operators = watchOperators(sandbox, signal)
  if (!atOnce) await systemClock.sleep(wait, signal)
  const before = pictureOf(sandbox)
  traffic.again()
  jobs.again()
  await drill.breaks(world)
  operators.again()
  const brokenAt = new Date().toISOString()
  const brokenParts = new Set(differences(before, pictureOf(sandbox)).map(({ part }) => part))
  const events: { readonly at: string; readonly what: string }[] = []
  const apart = (name: string) => [...brokenParts, ...(drill.leaves ?? [])].some((part) => part.split(' ').at(-1) === name)
  if (!atOnce)
    makeDeploys(sandbox, {
      random: seeded(seed + 3),
      faster: speed,
      signal,
      apart,
      tell: (what) => events.push({ at: new Date().toISOString(), what }),
    }).catch(() => {})
  const hints: string[] = []
  let passedAt: string | undefined
  const standing = (): Standing => ({
    name: drill.name,
    seed,
    speed,
    heard: [drill.heard, trail?.heard].filter(Boolean).join(' '),
    brokenAt,
    seenAt: operators.looked(),
    hints,
    hintsLeft: drill.hints.length - hints.length,
    traffic: written(traffic.counts()),
    jobs: jobs.counts(),
    events,
    hands: operators.hands(),
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
      const others = differences(before, pictureOf(sandbox), drill.leaves)
      const [cause, harmed] = [others.filter(isOfTheBreak), others.filter((one) => !isOfTheBreak(one))]
      const symptom = [
        answered(traffic.counts()),
        carriedOut(jobs.counts()),
        ...kept(drill, jobs.counts().lost),
        sign('Nothing else is otherwise than it was', harmed),
      ]
      const causes = [...((await drill.over?.(world)) ?? []), sign('What was broken is whole again', cause)]
      const way = (await drill.way(world)).map(lineOf)
      const passed = [...symptom, ...causes].every(({ because }) => because === undefined)
      const at = new Date().toISOString()
      if (passed) passedAt ??= at
      const { origin, source, page, again = [] } = drill
      return { ...standing(), passed, at, passedAt, symptom, causes, origin, source, page, way, again, innocent: trail?.innocent }
    },
  }
}

const answered = ({ lately, sent }: Traffic): Sign => {
  const last = Math.min(20, sent)
  return { what: 'Customers are answered', because: lately < last ? `${lately} of the last ${last} requests were` : undefined }
}

/** Seconds. Of jobs that are taken none waits longer where all is well: the worker takes ten a second. */
const longWait = 5

const carriedOut = ({ refusing, waits }: Jobs): Sign => ({
  what: 'Jobs are taken and carried out',
  because: refusing
    ? 'Redis did not take the last one'
    : waits > longWait
      ? `the oldest of them waits for ${waits} s, and is not begun yet`
      : undefined,
})

const kept = ({ loses = [] }: Drill, lost: number): readonly Sign[] =>
  loses.includes('jobs')
    ? []
    : [
        {
          what: 'No job was lost',
          because: lost > 0 ? `${counted(lost, 'job')} went away and nobody carried ${lost === 1 ? 'it' : 'them'} out` : undefined,
        },
      ]

const sign = (what: string, others: readonly Difference[]): Sign => ({
  what,
  because: others.length > 0 ? others.map(({ part, was, is }) => `${part}: ${was} before, ${is} now`).join('; ') : undefined,
})

const written = ({ sent, lost, firstLost, lastLost, lately, answers }: Traffic): Standing['traffic'] => ({
  sent,
  lost,
  lately,
  answers,
  ...(firstLost !== undefined && { firstLost: new Date(firstLost).toISOString() }),
  ...(lastLost !== undefined && { lastLost: new Date(lastLost).toISOString() }),
})
