import type { Name } from '../systems/systems.ts'

/** What people call each system. */
export const called: Readonly<Partial<Record<Name, string>>> = {
  kube: 'the cluster',
  nodes: 'the nodes',
  redis: 'Redis',
  postgres: 'PostgreSQL',
  cloudflare: 'Cloudflare',
  mail: 'the mail server',
  apns: 'APNs',
  storage: 'the storage',
  metrics: 'the metrics',
  traces: 'Jaeger',
  neon: 'Neon',
  http: 'the public names',
  checkout: 'the checkout',
  registry: 'the registry',
  scratch: 'a private PostgreSQL',
}

/**
 * Says on a terminal what is being asked, from a tenth of a second on and with the seconds that it takes, until the work ends; then the line is
 * gone again. Whoever sees nothing presses Ctrl-C.
 */
export const whileLooking = async <T>(names: readonly Name[], work: Promise<T>, stream = process.stderr): Promise<T> => {
  if (!stream.isTTY) return work
  const since = performance.now()
  const line = `asking ${names.map((name) => called[name] ?? name).join(', ')}`
  let drawn = false
  const draw = () => {
    const elapsed = Math.floor((performance.now() - since) / 1000)
    const text = `${line}${elapsed > 0 ? ` (${elapsed} s)` : ''}`
    stream.write(`\r\u001B[K${text.slice(0, Math.max(1, (stream.columns || 80) - 1))}`)
    drawn = true
  }
  const first = setTimeout(draw, 100)
  const ticking = setInterval(draw, 1000)
  try {
    return await work
  } finally {
    clearTimeout(first)
    clearInterval(ticking)
    if (drawn) stream.write('\r\u001B[K')
  }
}
