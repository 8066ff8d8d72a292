export type Labels = Readonly<Record<string, string>>

/** One value of one series; `__name__` is among its labels. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
  /** Milliseconds. */
  readonly at: number
}

interface Point {
  readonly at: number
  readonly value: number
}

export interface KeptSeries {
  readonly labels: Labels
  readonly points: readonly Point[]
}

/** No series of a sandbox is asked for further back. */
const mostPoints = 2000

/** A store of metrics: what is pushed, by series. */
export const metricsStore = () => {
  const kept = new Map<string, { readonly labels: Labels; readonly points: Point[] }>()
  return {
    write(samples: readonly Sample[]): void {
      for (const { labels, value, at } of samples) {
        const key = JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))
        const series = kept.get(key) ?? { labels, points: [] }
        series.points.push({ at, value })
        if (series.points.length > mostPoints) series.points.shift()
        kept.set(key, series)
      }
    },
    series: (): readonly KeptSeries[] => [...kept.values()],
    clear: () => kept.clear(),
  }
}

export type MetricsStore = ReturnType<typeof metricsStore>
