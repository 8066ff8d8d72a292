/** Milliseconds as Kubernetes writes ages: 45s, 3m20s, 5h12m, 3d4h. */
export function humanDuration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
  const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)]
  if (s < 120) return `${s}s`
  if (m < 10) return two(m, 'm', s % 60, 's')
  if (m < 180) return `${m}m`
  if (h < 8) return two(h, 'h', m % 60, 'm')
  if (h < 48) return `${h}h`
  if (h < 192) return two(d, 'd', h % 24, 'h')
  if (d < 730) return `${d}d`
  const y = Math.floor(d / 365)
  return d < 365 * 8 ? two(y, 'y', d % 365, 'd') : `${y}y`
}
