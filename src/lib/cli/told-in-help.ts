import { exitCodes } from '../errors.ts'

type Rows = readonly (readonly [string, string])[]

/** What to type when one has never typed it. */
export const firstLines: Rows = [
  ['honeydue', 'ask what is wrong, in your own words, and run what fits'],
  ['honeydue status', 'the whole deployment on one screen'],
  ['honeydue diagnose', 'find the first thing that fails, from outside in'],
  ['honeydue edge:drain hetzner2 --dry-run', 'show a plan, and change nothing'],
  ['honeydue sandbox:up --detach', 'a deployment to try all of it on: --env sandbox'],
]

const { done, usage, blocked, failed, unverified, declined, held, moved, unreachable, interrupted } = exitCodes

const isProcedure = (flags: readonly string[]): boolean => flags.includes('by-hand')
const isReport = (flags: readonly string[]): boolean => flags.includes('watch') || flags.includes('interval')

/** The exit codes of a command that has these flags; the README has all of them. */
export const codesOf = (flags: readonly string[]): Rows => {
  const usual = [
    [String(done), 'done'],
    [String(usage), 'wrong usage, or nobody there to ask'],
    [String(unreachable), 'a system that is needed cannot be reached, or refuses our credentials'],
    [String(interrupted), 'stopped by Ctrl-C'],
  ] as const
  if (isReport(flags))
    return [
      [String(done), 'all well'],
      [String(blocked), 'something is wrong'],
      ...usual.slice(1, 2),
      [String(unreachable), 'nothing could be reached'],
      ...usual.slice(3),
    ]
  if (!isProcedure(flags)) return usual
  return [
    [String(done), 'done, already so, or a dry run that came to its end'],
    ...usual.slice(1, 2),
    [String(blocked), 'a check failed, nothing was changed'],
    [String(failed), 'a change failed, something may have changed'],
    [String(unverified), 'changed, but not seen to hold in time'],
    [String(declined), 'somebody said no, or nobody answered'],
    [String(held), 'another operator holds the lease'],
    [String(moved), 'the deployment is not as the confirmed plan had it'],
    ...usual.slice(2),
  ]
}

/** The variables that such a command heeds. Flags are stronger. */
export const environmentOf = (flags: readonly string[]): Rows => [
  ...(flags.includes('env')
    ? ([
        ['HONEYDUE_ENV', 'which deployment, as --env'],
        ['KUBECONFIG', 'instead of the kubeconfig of the environment'],
        ['CLOUDFLARE_API_TOKEN', 'instead of the file of the token'],
        ['NEON_API_KEY', 'the same for Neon'],
      ] as const)
    : []),
  ...(isProcedure(flags)
    ? ([
        ['HONEYDUE_READONLY', '1: every plan can be seen, nothing can be changed'],
        ['HONEYDUE_PROMPT_LIMIT', 'seconds that a question waits (600)'],
      ] as const)
    : []),
  ['PAGER', 'for what is higher than the terminal (less); cat: none'],
  ['NO_COLOR', 'no colour, as --no-color'],
  ['CI', 'ask nothing, as --no-input'],
]
