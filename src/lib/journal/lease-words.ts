import { shortAge } from '../age.ts'
import { Held } from '../errors.ts'
import type { LeaseRecord } from '../systems/kube/lease-store.ts'

/** Who holds it, as it is typed to take it over: `treyt@mac`. */
export const holderName = ({ holder = 'nobody' }: LeaseRecord): string => holder.replace(/\/[^/]*$/, '')

const ago = (at: Date | undefined, now: number): string => {
  if (!at) return 'at an unknown time'
  const seconds = Math.round((now - at.getTime()) / 1000)
  return seconds < 0 ? 'just now' : `${shortAge(seconds)} ago`
}

const clockOf = (at: Date | undefined): string => (at ? `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC` : 'an unknown time')

/** Everything that is known of who holds it, a line each. */
export const describeHolder = (record: LeaseRecord, now: number): readonly string[] => [
  `holder   ${record.holder ?? 'nobody'}`,
  `since    ${clockOf(record.since)}`,
  `doing    ${record.told.line?.replace(/^honeydue /, '') ?? 'not known'}`,
  `at step  ${record.told.step ?? 'not known'}`,
  `renewed  ${ago(record.renewed, now)}, every ${Math.round(record.seconds / 6)} s while it lives`,
  `epoch    ${record.epoch}`,
]

/** Exit 7. `stopped`: it was watched, and is not renewed any more. */
export const heldBy = (record: LeaseRecord, now: number, how: 'renewing' | 'stopped'): Held =>
  new Held({
    code: how === 'stopped' ? 'lease-abandoned' : 'lease-held',
    failed:
      how === 'stopped'
        ? `${holderName(record)} holds the operators’ lease and has stopped renewing it`
        : `${holderName(record)} is changing this deployment`,
    cause: how === 'stopped' ? 'Its program was ended, sleeps, or cannot reach the cluster' : 'Two at once undo each other: one waits',
    details: describeHolder(record, now),
    next:
      how === 'stopped'
        ? `the same command with --take-over ${holderName(record)}, when it is certain that ${holderName(record)} does nothing any more`
        : 'the same command with --wait 5m, or honeydue lock:status',
  })

/** Exit 7, of the run that it was taken from. */
export const lostTo = (record: LeaseRecord | undefined, now: number): Held =>
  new Held({
    code: 'lease-lost',
    failed: record?.holder ? `${holderName(record)} took the operators’ lease over` : 'The operators’ lease is not ours any more',
    cause: 'This run had stopped renewing it for too long: a machine that slept, or a network that was away',
    ...(record && { details: describeHolder(record, now) }),
    next: 'honeydue lock:status',
  })

/** Exit 7, of the run that somebody asked to go on from. */
export const handedTo = (by: string): Held =>
  new Held({
    code: 'lease-handed-over',
    failed: `${by} asked to go on from here, and this run has stopped before its next step`,
    cause: 'run:watch --take-over was typed there',
    next: 'honeydue run:watch   # shows what they do',
  })
