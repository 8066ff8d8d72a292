import type { CertificateFacts } from '../../certificates.ts'

const hour = 3_600_000
const day = 24 * hour

/** Whole days that are left; negative ones that have passed. */
export const daysLeft = ({ notAfter }: Pick<CertificateFacts, 'notAfter'>, now: Date): number =>
  Math.trunc((notAfter.getTime() - now.getTime()) / day) || 0

/** "12 days", "1 day", "5 hours", "less than a minute": whole ones of the largest that fits, whichever way. */
const span = (ms: number): string => {
  const time = Math.abs(ms)
  if (time < 60_000) return 'less than a minute'
  const [count, unit] =
    time >= day ? [Math.floor(time / day), 'day'] : time >= hour ? [Math.floor(time / hour), 'hour'] : [Math.floor(time / 60_000), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** "expired 1 day ago", "expires in 12 days". */
export const expiry = ({ notAfter }: Pick<CertificateFacts, 'notAfter'>, now: Date): string => {
  const left = notAfter.getTime() - now.getTime()
  return left < 0 ? `expired ${span(left)} ago` : `expires in ${span(left)}`
}
