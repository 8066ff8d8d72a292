import { age } from '../age.ts'

/** Seconds between two times; undefined where the first is not known. */
export const secondsSince = (time: string | undefined, now: Date): number | undefined =>
  time === undefined ? undefined : Math.max(0, (now.getTime() - Date.parse(time)) / 1000)

/** A time as a tired person reads it: "07:24 UTC, 14 min ago", with its date where that is not today's; what is no time, as it was said. */
export const timeAndAge = (time: string, now: Date): string => {
  if (Number.isNaN(Date.parse(time))) return time
  const at = new Date(time).toISOString()
  const day = at.slice(0, 10) === now.toISOString().slice(0, 10) ? '' : `${at.slice(0, 10)} `
  return `${day}${at.slice(11, 16)} UTC, ${age(secondsSince(time, now) ?? 0)} ago`
}
