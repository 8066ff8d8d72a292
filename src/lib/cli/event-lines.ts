import type { RunEvent } from '../plan/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { schemaVersion } from './failure.ts'
import { jsonLine } from './shown.ts'

/** The lines of `--json=stream` before the document: the plan that begins, then each event with its step, counted from 1, and its time. */
export const planLine = ({ id, name, environment, subject, steps }: Plan): string =>
  jsonLine({
    schemaVersion,
    command: id,
    event: 'begins',
    at: new Date().toISOString(),
    environment,
    subject,
    plan: name,
    steps: steps.map(({ title, kind, already }) => ({ title, kind, already })),
  })

export const eventLine = ({ id, steps }: Plan, { type, index, ...rest }: RunEvent): string =>
  jsonLine({ schemaVersion, command: id, event: type, at: new Date().toISOString(), step: index + 1, title: steps[index]?.title, ...rest })
