/**
 * "40 s", "14 min", "4 h 5 min", "12 d 4 h", "123 d": whole ones of the two largest units, never more than have passed. What lies before us by a clock that is ahead has
 * just been; "?" of what is no number.
 */
export const age = (given: number): string => {
  if (!Number.isFinite(given)) return '?'
  const seconds = Math.max(0, given)
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600), Math.floor((seconds % 3600) / 60)]
  if (days >= 100) return `${days} d`
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return seconds < 60 ? `${Math.floor(seconds)} s` : `${minutes} min`
}

/** The same of what is watched as it passes: in seconds up to two minutes. */
export const shortAge = (seconds: number): string => (seconds < 120 ? `${Math.floor(Math.max(0, seconds))} s` : age(seconds))
