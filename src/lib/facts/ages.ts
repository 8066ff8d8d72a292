/** Seconds between two times; undefined where the first is not known. */
export const secondsSince = (time: string | undefined, now: Date): number | undefined =>
  time === undefined ? undefined : Math.max(0, (now.getTime() - Date.parse(time)) / 1000)

/** "40 s", "14 min", "4 h 5 min", "12 d 4 h", "123 d". */
export const age = (seconds: number): string => {
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600), Math.floor((seconds % 3600) / 60)]
  if (days >= 100) return `${days} d`
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return seconds < 60 ? `${Math.round(seconds)} s` : `${minutes} min`
}

/** A time as a tired person reads it: "07:24 UTC, 14 min ago", with its date where that is not today's; what is no time, as it was said. */
export const timeAndAge = (time: string, now: Date): string => {
  if (Number.isNaN(Date.parse(time))) return time
  const at = new Date(time).toISOString()
  const day = at.slice(0, 10) === now.toISOString().slice(0, 10) ? '' : `${at.slice(0, 10)} `
  return `${day}${at.slice(11, 16)} UTC, ${age(secondsSince(time, now) ?? 0)} ago`
}
