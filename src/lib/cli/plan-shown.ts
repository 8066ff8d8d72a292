import { join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import { readPages } from '../runbook/page.ts'
import { isPlain } from './manner.ts'
import { changes } from './nothing-left.ts'
import { plainPlan } from './plain-plan.ts'
import type { Shows } from './prompts.ts'
import { paint } from './render.ts'
import { renderBrief, roomOf, unattended } from './render-brief.ts'
import { renderPage } from './render-page.ts'
import { renderPlan } from './render-plan.ts'
import { shown, shownLines } from './shown.ts'

/** A blank line and the question, which may be two. */
export const rowsOfQuestion = 3

export interface Shown {
  /** `--details`: all that is known of each step. */
  readonly details: boolean
  /** It stops there: how to go on, and where more of it is, stands below. */
  readonly dryRun: boolean
  /** The line that does it, once it has been looked at. */
  readonly line?: string
}

/** A plan as standard output has room for it: one screen of a terminal, the whole of it elsewhere. */
export const planText = (plan: Plan, { details, dryRun, line }: Shown): string => {
  if (isPlain()) return plainPlan(plan)
  const chalk = paint(process.stdout)
  const does = line !== undefined && plan.blocked.length === 0 && plan.steps.some(changes) ? `next: ${shown(line)}` : undefined
  const more = dryRun
    ? [unattended(plan), details ? undefined : 'More of it: --details; the shell lines: --by-hand', does].filter(Boolean)
    : []
  const below = more.map((line) => chalk.dim(line))
  if (details) return [renderPlan(plan, chalk), ...below].join('\n\n')
  return [...renderBrief(plan, chalk, roomOf(process.stdout, dryRun ? below.length + 1 : rowsOfQuestion)), ...below].join('\n')
}

/** What the keys at a plan's question show, on standard error. */
export const showsOf = (plan: Plan, root: string): Shows => {
  const show = (text: string) => void process.stderr.write(`\n${text}\n\n`)
  const chalk = paint(process.stderr)
  return {
    d: { about: 'details', show: () => show(renderPlan(plan, chalk)) },
    b: { about: 'by hand', show: () => show(shownLines(plan.byHand.join('\n'))) },
    s: {
      about: 'the page',
      show: async () => {
        const page = (await readPages(join(root, 'runbooks'))).find(({ command }) => command === plan.id)
        if (page) show(renderPage(page.text, Math.min(process.stderr.columns || 80, 100), chalk))
      },
    },
  }
}

/** Where standard output is no terminal, whoever is asked has not seen the plan. */
export const planAtQuestion = (plan: Plan): string | undefined =>
  process.stdout.isTTY ? undefined : renderBrief(plan, paint(process.stderr), roomOf(process.stderr, rowsOfQuestion)).join('\n')
