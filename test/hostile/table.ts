import type { Reporter, TestModule } from 'vitest/node'
import type { Points } from './points.ts'

/** Prints class × points × survived over the whole lane, when everything has run. */
export default class PointsTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const all = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().points ?? []))
    process.stdout.write(`${pointsTable(all)}\n`)
  }
}

/** A class that is counted procedure by procedure is one row, with how many of them there are. */
const byClass = (all: readonly Points[]): readonly (Points & { readonly procedures: number })[] => {
  const classes = new Map<string, Points & { readonly procedures: number }>()
  for (const points of all) {
    const [, , of = points.of] = /^([a-z]+:[a-z-]+): (.+)$/.exec(points.of) ?? []
    const before = classes.get(of) ?? { of, tried: 0, lost: [], procedures: 0 }
    const longest = Math.max(before.longest ?? 0, points.longest ?? 0)
    classes.set(of, {
      of,
      tried: before.tried + points.tried,
      lost: [...before.lost, ...points.lost],
      procedures: before.procedures + (of === points.of ? 0 : 1),
      ...(longest > 0 && { longest }),
    })
  }
  return [...classes.values()]
}

const pointsTable = (all: readonly Points[]): string => {
  const columns = (of: string, procedures: string, tried: string, survived: string, longest: string) =>
    [of.padEnd(64), procedures.padStart(10), tried.padStart(6), survived.padStart(8), longest.padStart(7)].join(' ')
  const rows = byClass(all).map(({ of, tried, lost, longest, procedures }) =>
    columns(
      of,
      procedures > 0 ? String(procedures) : '',
      String(tried),
      String(tried - lost.length),
      longest === undefined ? '' : `${(longest / 1000).toFixed(1)} s`,
    ),
  )
  const sum = (count: (one: Points) => number) => all.reduce((total, one) => total + count(one), 0)
  const head = columns('class', 'procedures', 'points', 'survived', 'longest')
  const worst = Math.max(0, ...all.map(({ longest = 0 }) => longest))
  const wait = worst > 0 ? [`Worst wait: ${(worst / 1000).toFixed(1)} s, of every report and every dry run over every bad wire.`] : []
  return ['', head, ...rows, '', `${sum(({ tried }) => tried)} points, ${sum(({ lost }) => lost.length)} lost.`, ...wait].join('\n')
}
