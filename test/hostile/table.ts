import type { Reporter, TestModule } from 'vitest/node'
import type { Points } from './points.ts'

/** Prints class × points × survived over the whole lane, when everything has run; one lost point fails it. */
export default class PointsTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const all = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().points ?? []))
    process.stdout.write(`${pointsTable(all)}\n`)
    if (all.some(({ lost }) => lost.length > 0)) process.exitCode = 1
  }
}

/** A class that is counted procedure by procedure is one row, with how many of them there are. */
const byClass = (all: readonly Points[]): readonly (Points & { readonly procedures: number })[] => {
  const classes = new Map<string, Points & { readonly procedures: number }>()
  for (const points of all) {
    const [, , of = points.of] = /^([a-z]+:[a-z-]+): (.+)$/.exec(points.of) ?? []
    const before = classes.get(of) ?? { of, tried: 0, lost: [], procedures: 0 }
    const longest = Math.max(before.longest ?? 0, points.longest ?? 0)
    const again = (before.again ?? 0) + (points.again ?? 0)
    classes.set(of, {
      of,
      tried: before.tried + points.tried,
      outOf: (before.outOf ?? 0) + (points.outOf ?? points.tried),
      lost: [...before.lost, ...points.lost],
      procedures: before.procedures + (of === points.of ? 0 : 1),
      ...(longest > 0 && { longest }),
      again,
    })
  }
  return [...classes.values()]
}

const pointsTable = (all: readonly Points[]): string => {
  const columns = (of: string, procedures: string, tried: string, outOf: string, survived: string, again: string, longest: string) =>
    [
      of.padEnd(64),
      procedures.padStart(10),
      tried.padStart(6),
      outOf.padStart(6),
      survived.padStart(8),
      again.padStart(5),
      longest.padStart(7),
    ].join(' ')
  const rows = byClass(all).map(({ of, tried, outOf = tried, lost, longest, again = 0, procedures }) =>
    columns(
      of,
      procedures > 0 ? String(procedures) : '',
      String(tried),
      String(outOf),
      String(tried - lost.length),
      again > 0 ? String(again) : '',
      longest === undefined ? '' : `${(longest / 1000).toFixed(1)} s`,
    ),
  )
  const sum = (count: (one: Points) => number) => all.reduce((total, one) => total + count(one), 0)
  const head = columns('class', 'procedures', 'tried', 'of', 'survived', 'again', 'longest')
  const worst = Math.max(0, ...all.map(({ longest = 0 }) => longest))
  const wait = worst > 0 ? [`Worst wait: ${(worst / 1000).toFixed(1)} s.`] : []
  const [tried, outOf, lost, again] = [
    sum((one) => one.tried),
    sum((one) => one.outOf ?? one.tried),
    sum((one) => one.lost.length),
    sum((one) => one.again ?? 0),
  ]
  return ['', head, ...rows, '', `${tried} points of ${outOf}, ${lost} lost; ${again} answers were asked for again.`, ...wait].join('\n')
}
