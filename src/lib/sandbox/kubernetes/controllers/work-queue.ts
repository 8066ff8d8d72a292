/** Work by key: what is added twice before it runs runs once, in the order in which it was first added, in a later turn. */
export function createWorkQueue() {
  const waiting = new Map<string, () => void>()
  let scheduled: NodeJS.Immediate | undefined
  let stopped = false
  const longest = 10_000
  const run = (most: number): void => {
    for (let i = 0; i < most; i++) {
      const [first] = waiting
      if (!first) return
      waiting.delete(first[0])
      first[1]()
    }
  }
  const turn = (): void => {
    scheduled = undefined
    try {
      run(Math.min(waiting.size, 100))
    } finally {
      wake()
    }
  }
  const wake = (): void => {
    if (!stopped && waiting.size > 0) scheduled ??= setImmediate(turn)
  }
  return {
    add: (key: string, work: () => void): void => {
      if (stopped) return
      if (!waiting.has(key)) waiting.set(key, work)
      wake()
    },
    /** Runs everything now, with what it brings about; what begins with an earlier prefix goes first. */
    drain: (prefixes: readonly string[]): void => {
      const rank = (key: string) => prefixes.findIndex((prefix) => key.startsWith(prefix)) >>> 0
      for (let i = 0; i < longest && waiting.size > 0; i++) {
        let first: string | undefined
        for (const key of waiting.keys()) if (first === undefined || rank(key) < rank(first)) first = key
        const work = first === undefined ? undefined : waiting.get(first)
        if (first !== undefined) waiting.delete(first)
        work?.()
      }
    },
    clear: () => waiting.clear(),
    stop: () => {
      stopped = true
      waiting.clear()
      if (scheduled) clearImmediate(scheduled)
    },
  }
}
