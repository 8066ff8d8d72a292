import { systemClock } from '../../src/lib/clock.ts'
import { loadEnvironment } from '../../src/lib/environment/load.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import type { Context } from '../../src/lib/plan/context.ts'

/** The built-in production values, with no file of this machine over them. */
const builtIn: Environment = loadEnvironment({
  asked: undefined,
  env: { HOME: '/nonexistent' },
  sandbox: () => undefined,
}).environment

/** What a procedure or report is given beside its input and readers. */
export const contextOf = (environment: Environment = builtIn): Context => ({
  environment,
  clock: systemClock,
  signal: new AbortController().signal,
})
