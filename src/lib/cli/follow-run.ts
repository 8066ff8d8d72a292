import { seconds, systemClock } from '../clock.ts'
import { Blocked } from '../errors.ts'
import { describeHolder, holderName } from '../journal/lease-words.ts'
import { sh } from '../shell.ts'
import type { KubeEvent } from '../systems/kube/types.ts'
import type { Session } from './session.ts'
import { shown } from './shown.ts'

/** Says what a run tells in the namespace's events, and who holds the lease, until it is given back. Returns the lines. */
export const followRun = async (
  { environment, systems, lease, ending }: Session,
  run: string | undefined,
  say: (line: string) => void,
): Promise<readonly string[]> => {
  const first = await lease.read()
  const holder = first?.holder
  if (first === undefined || holder === undefined || (run !== undefined && !holder.endsWith(run)))
    if (run === undefined) return []
    else
      throw new Blocked({
        code: 'run-not-going-on',
        failed: `Run ${run} does not hold the lease of ${environment.name}`,
        cause: holder ? `${holder} does` : 'Nobody does',
        next: sh`honeydue run:show ${run}`,
      })
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
      return [...told.values()]
    }
    const age = systemClock.now().getTime() - (now.renewed?.getTime() ?? 0)
    if (age > now.seconds * 1000 && !late)
      say(
        `${shown(holderName(now))} has not renewed it for ${Math.round(age / 1000)} s: the procedure with --take-over ${shown(holderName(now))} goes on from there`,
      )
    late = age > now.seconds * 1000
    await systemClock.sleep(seconds(1), ending.looking)
  }
}

const timeOf = ({ eventTime, lastTimestamp, metadata }: KubeEvent): string => eventTime ?? lastTimestamp ?? metadata.creationTimestamp ?? ''
