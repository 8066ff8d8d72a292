import type { Plan } from '../plan/plan.ts'
import { record } from './manner.ts'
import { shown } from './shown.ts'

/** A plan with `--plain`: one record a line, and the first field says of what. */
export const plainPlan = (plan: Plan): string =>
  [
    ['plan', plan.name, plan.environment, plan.id, plan.subject, plan.risk],
    ...plan.target.map((line) => ['where', line]),
    ...plan.steps.flatMap(({ kind, title, already, effect }, i) => [
      ['step', String(i + 1), kind, already ? 'already' : '', title],
      ...effect.map(({ what, before, after }) => ['effect', String(i + 1), what, before, after]),
    ]),
    ...(plan.noReturn === undefined ? [] : [['no return', String(plan.noReturn + 1)]]),
    ...plan.uncheckable.map((line) => ['open', line]),
    ...[...(plan.outlier === undefined ? [] : [plan.outlier]), ...plan.beyond].map((line) => ['know', line]),
    ...(plan.confirm === undefined ? [] : [['confirm', plan.confirm]]),
    ...plan.blocked.map((line) => ['blocked', line]),
  ]
    .map((fields) => record(fields, shown))
    .join('\n')
