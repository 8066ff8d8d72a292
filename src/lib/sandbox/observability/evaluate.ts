import type { KeptSeries, Labels } from './store.ts'

/** What one expression comes to: series with one value each. */
export type Vector = readonly { readonly labels: Labels; readonly value: number }[]

/** What this store cannot read, told as VictoriaMetrics does: 400. */
export class BadQuery extends Error {}

const staleMs = 300_000
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** An instant query in the part of MetricsQL that is used: `sum by (a) (…)`, `increase(x{…}[15m])`, `tlast_over_time(…)`, and a selector. */
export const evaluate = (expression: string, all: readonly KeptSeries[], now: number): Vector => {
  const text = expression.trim()
  const [, how = '', by = '', inside] = /^(sum|max|count) by \(([^)]*)\) \((.*)\)$/s.exec(text) ?? []
  if (inside !== undefined) {
    const names = by.split(',').map((name) => name.trim())
    return aggregated(evaluate(inside, all, now), how, names)
  }
  const [, rollup = '', rolled = '', count = '', unit = ''] = /^(increase|tlast_over_time)\((.*)\[(\d+)([smhd])\]\)$/s.exec(text) ?? []
  if (rollup === '') return selected(text, all).flatMap((series) => instant(series, now))
  const from = now - Number(count) * (units[unit] ?? 0)
  return selected(rolled, all).flatMap(({ labels, points }) => {
    const within = points.filter(({ at }) => at > from && at <= now)
    const last = within.at(-1)
    if (last === undefined) return []
    const { __name__: _, ...rest } = labels
    const before = points.findLast(({ at }) => at <= from)?.value ?? beganAt(within.map(({ value }) => value))
    return [{ labels: rest, value: rollup === 'increase' ? Math.max(0, last.value - before) : last.at / 1000 }]
  })
}

/** What a series that begins within the window began at: nothing, but where its first value is far above its first step. VictoriaMetrics takes that for a past that was not seen. */
const beganAt = ([first = 0, second = first]: readonly number[]): number => {
  const step = second - first || 10
  return first < 10 * (Math.abs(step) + 1) ? 0 : first
}

const instant = ({ labels, points }: KeptSeries, now: number): Vector => {
  const last = points.findLast(({ at }) => at <= now)
  return last === undefined || now - last.at > staleMs ? [] : [{ labels, value: last.value }]
}

const aggregated = (vector: Vector, how: string, names: readonly string[]): Vector => {
  const groups = new Map<string, { readonly labels: Labels; readonly values: number[] }>()
  for (const { labels, value } of vector) {
    const own = Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))
    const group = groups.get(JSON.stringify(own)) ?? { labels: own, values: [] }
    group.values.push(value)
    groups.set(JSON.stringify(own), group)
  }
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return [...groups.values()].map(({ labels, values }) => ({
    labels,
    value: how === 'count' ? values.length : how === 'max' ? Math.max(...values) : sum(values),
  }))
}

/** `name{label="value",other=~"pattern"}`. */
const selected = (text: string, all: readonly KeptSeries[]): readonly KeptSeries[] => {
  const [whole, name = '', inside = ''] = /^([A-Za-z_:][\w:]*)?(?:\{(.*)\})?$/s.exec(text.trim()) ?? []
  if (!whole) throw new BadQuery(`cannot parse ${JSON.stringify(text)}`)
  const wanted = [...inside.matchAll(/(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g)].map(([, label = '', how = '', raw = '']) => ({
    label,
    how,
    value: raw.replace(/\\(.)/g, '$1'),
  }))
  if (name !== '') wanted.push({ label: '__name__', how: '=', value: name })
  return all.filter(({ labels }) =>
    wanted.every(({ label, how, value }) => {
      const is = labels[label] ?? ''
      const fits = how.endsWith('~') ? new RegExp(`^(?:${value})$`).test(is) : is === value
      return how.startsWith('!') ? !fits : fits
    }),
  )
}
