import { seconds, systemClock } from '../clock.ts'
import { Blocked } from '../errors.ts'
import { describeHolder, holderName } from '../journal/lease-words.ts'
import { sh } from '../shell.ts'
import type { LeaseRecord } from '../systems/kube/lease-store.ts'
import type { KubeEvent } from '../systems/kube/types.ts'
import type { Session } from './session.ts'
import { shown } from './shown.ts'

/** A run that was followed: what it told, and what goes on from it. */
export interface Followed {
  readonly lines: readonly string[]
  /** As it stood when it was first looked at; undefined where nobody held the lease. */
  readonly held: LeaseRecord | undefined
  /** It has stopped renewing the lease: nothing is to be waited for. */
  readonly silent: boolean
}

/**
 * Says what a run tells in the namespace's events, and who holds the lease, until it is given back. `asker` asks it to stop before its next step, and
 * waits for nobody who has stopped renewing; asked for nothing any more where this is ended before.
 */
export const followRun = async (
  session: Session,
  run: string | undefined,
  say: (line: string) => void,
  asker?: string,
): Promise<Followed> => {
  const { environment, lease } = session
  const held = await lease.read()
  const holder = held?.holder
  if (held === undefined || holder === undefined || (run !== undefined && !holder.endsWith(run)))
    if (run === undefined) return { lines: [], held: undefined, silent: false }
    else
      throw new Blocked({
        code: 'run-not-going-on',
        failed: `Run ${run} does not hold the lease of ${environment.name}`,
        cause: holder ? `${holder} does` : 'Nobody does',
        next: sh`honeydue run:show ${run}`,
      })
  const holding = { holder, epoch: held.epoch }
  if (asker === undefined) return follow(session, held, holder, say, false)
  if (await lease.ask(holding, asker)) say(`Asked ${shown(holderName(held))} to stop before the next step; Ctrl-C takes it back`)
  try {
    return await follow(session, held, holder, say, true)
  } catch (error) {
    await lease.ask(holding, undefined).catch(() => false)
    throw error
  }
}

const follow = async (
  { environment, systems, lease, ending }: Session,
  first: LeaseRecord,
  holder: string,
  say: (line: string) => void,
  asked: boolean,
): Promise<Followed> => {
  for (const line of describeHolder(first, systemClock.now().getTime())) say(shown(line))
  const told = new Map<string, string>()
  const fields = `involvedObject.kind=Lease,involvedObject.name=${environment.lease.name}`
  const tell = async () => {
    const events = await systems.kube.read.list('Event', { namespace: environment.namespace, fields })
    const ours = events
      .filter(({ message = '' }) => message.startsWith(`${holder}: `))
      .sort((one, other) => timeOf(one).localeCompare(timeOf(other)))
    for (const event of ours) {
      const { name } = event.metadata
      if (told.has(name)) continue
      const line = `${timeOf(event).slice(11, 19)} UTC  ${event.message?.slice(holder.length + 2)}`
      told.set(name, line)
      say(shown(line))
    }
  }
  let late = false
  for (;;) {
    await tell()
    const now = await lease.read()
    if (now?.holder !== holder) {
      await tell()
      return { lines: [...told.values()], held: first, silent: false }
    }
    const age = systemClock.now().getTime() - (now.renewed?.getTime() ?? 0)
    const silent = age > now.seconds * 1000
    if (silent && asked) return { lines: [...told.values()], held: first, silent }
    if (silent && !late)
      say(
        `${shown(holderName(now))} has not renewed it for ${Math.round(age / 1000)} s: the procedure with --take-over ${shown(holderName(now))} goes on from there`,
      )
    late = silent
    await systemClock.sleep(seconds(1), ending.looking)
  }
}

const timeOf = ({ eventTime, lastTimestamp, metadata }: KubeEvent): string => eventTime ?? lastTimestamp ?? metadata.creationTimestamp ?? ''
