import type { Reporter, TestModule } from 'vitest/node'
import type { Points } from './points.ts'

/** Prints class × points × survived over the whole lane, when everything has run. */
export default class PointsTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const all = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().points ?? []))
    process.stdout.write(`${pointsTable(all)}\n`)
  }
}

export const pointsTable = (all: readonly Points[]): string => {
  const rows = all.map(({ of, tried, lost, longest }) =>
    [
      of.padEnd(64),
      String(tried).padStart(6),
      String(tried - lost.length).padStart(9),
      longest === undefined ? '' : `${(longest / 1000).toFixed(1)} s`.padStart(9),
    ].join(' '),
  )
  const sum = (count: (one: Points) => number) => all.reduce((total, one) => total + count(one), 0)
  const head = ['class'.padEnd(64), 'points'.padStart(6), 'survived'.padStart(9), 'longest'.padStart(9)].join(' ')
  return ['', head, ...rows, '', `${sum(({ tried }) => tried)} points, ${sum(({ lost }) => lost.length)} lost.`].join('\n')
}
