import type { ChalkInstance } from 'chalk'

/** Which deployment this is, as every plan and every question says it: production cannot be taken for another one, with colour or without. */
export const markOf = (environment: string, chalk: ChalkInstance): string =>
  environment === 'production' ? chalk.inverse.red.bold(' PRODUCTION ') : chalk.bold(environment)
