import { isAbsolute } from 'node:path'
import { minutes } from '../../clock.ts'
import { Blocked } from '../../errors.ts'
import type { Context } from '../../plan/context.ts'
import { when } from '../../plan/finding.ts'
import type { Step } from '../../plan/procedure.ts'
import type { ValueSource } from '../../systems/checkout/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, fitting, howFar, same } from './how-far.ts'
import { keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { type Asked, type AskedFacts, letsIn, theOldEnds } from './let-in.ts'
import type { ValueFacts } from './rotation-types.ts'

type Systems = 'checkout' | 'kube' | 'cloudflare'

interface TokenFacts extends ValueFacts, AskedFacts {
  readonly source: ValueSource | undefined
  /** Who has it where no file does: the command that prints it. */
  readonly keeper: string
}

const called = 'CLOUDFLARE_API_TOKEN'
const by = 'api.cloudflare.com'

/** What is wanted of a new one: what the procedures of edge, cert and nodes ask and change. */
const madeAt = ({ cloudflare: { zone } }: Context['environment']): string =>
  `https://dash.cloudflare.com/profile/api-tokens (for ${zone}: Zone – Read, Zone Settings – Read, DNS – Edit, SSL and Certificates – Edit, Cache Purge – Purge, Config Rules – Read, Page Rules – Read)`

/** `cat FILE` prints a file, and that is replaced here; whatever else prints it (a password manager) is changed by a human. */
const fileOf = (command: readonly string[] | undefined): string | undefined => {
  const [program, file, ...more] = command ?? []
  return (program === 'cat' || program === '/bin/cat' || program === '/usr/bin/cat') &&
    file !== undefined &&
    more.length === 0 &&
    isAbsolute(file)
    ? file
    : undefined
}

const token: Asked<Systems, TokenFacts> = {
  ask: async ({ cloudflare }, { old }, value) => {
    const answer = await cloudflare.letsIn(value)
    if (answer.is === 'refused') return answer
    // Of the old one it counts whether it opens anything.
    return answer.lacks.length === 0 || same(value, old)
      ? { is: 'let in' }
      : {
          is: 'refused',
          because: `it may not ${answer.lacks.join(', ')}`,
          next: 'look at the token in the dashboard: My Profile, API Tokens',
        }
  },
  shows: ({ cloudflare }, file, wanted) => cloudflare.takesToken(file, wanted),
}

/** What this machine speaks to Cloudflare with; nothing in the cluster has it. Cloudflare takes both until the old one is deleted there. */
export const cloudflareApiToken: Kind<TokenFacts, Systems> = {
  gather: async (wish, look, context) => {
    const { environment, clock } = context
    const { token_command: command, zone } = environment.cloudflare
    if (!command) throw onlyInAShell()
    const { checkout } = look
    const base = baseOf(called)
    const file = fileOf(command)
    const source = file === undefined ? undefined : { file, in: 'file' as const }
    const present = await look.cloudflare.token()
    const standing = { base, called, present, inSource: source && present, over: false, madeAt: madeAt(environment), fitted: fitting({}) }
    const { next, old } = await howFar(checkout, standing, wish)
    return {
      ...wish,
      called,
      live: {
        shown: `The Cloudflare token of this machine, for ${zone}`,
        from: { command },
        has: async (value, now) =>
          when(
            same(value, await (now as unknown as Readers<'cloudflare'>).cloudflare.token()),
            `${source?.file ?? command.join(' ')} has another token`,
          ),
        since: ({ checkout: now }) => now.writtenAt(source?.file ?? valueFiles(base).new),
      },
      lines: false,
      half: false,
      source,
      line: undefined,
      base,
      folder: checkout.folder,
      next,
      old,
      against: when(
        same(present, next) || same(present, old),
        `the token of this machine is a third one, neither the old nor the new one of the files ${base}.*: somebody changed it meanwhile`,
        'honeydue config:explain',
      ),
      clock,
      at: madeAt(environment),
      by,
      beside: undefined,
      untried: undefined,
      keeper: `what ${command[0]} prints (cloudflare.token_command)`,
    }
  },
  wants: async (environment) => ({ key: called, madeAt: madeAt(environment) }),
  target: () => [`${by}, which it is for`],
  beyond: ({ keepOld, source, keeper }) => [
    `${by} lets both in until the old one is deleted there: make a second one, because Roll ends the first at once`,
    'It is tried by reading the zone, its records and its certificates; whether it may edit is known only by doing it',
    'Nothing in the cluster is known to have it: other machines, and whatever else was given it, are changed over before the old one ends',
    ...(source ? [] : [`Where it is kept is changed by hand: ${keeper}`]),
    ...(keepOld ? ['The old one stays valid, and in a file, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    letsIn(token, facts),
    keepBoth(facts) as Step<Systems>,
    ...(facts.source ? [placeInSource({ ...facts, source: facts.source }) as Step<Systems>] : putByHand(facts)),
    ...(facts.old === undefined ? [tidy(facts) as Step<Systems>] : facts.keepOld ? [] : theOldEnds<Systems, TokenFacts>(token, facts)),
  ],
}

/** A command is asked again and says so. */
const putByHand = ({ base, next, folder, keeper, live }: TokenFacts): readonly Step<Systems>[] => {
  const isThere = (look: Readers<Systems>) => live.has(next, look)
  return [
    {
      title: 'Put the new token where it is kept',
      ask: `It stands in ${folder}/${valueFiles(base).new}, for you alone. Put it into ${keeper}. Is it there?`,
      needless: isThere,
    },
    { title: 'The token of this machine is the new one', onlyAfterwards: true, holds: isThere, within: minutes(1) },
  ]
}

const onlyInAShell = (): Blocked =>
  new Blocked({
    code: 'secrets-no-source',
    failed: `Where ${called} is kept is not known`,
    cause:
      'It is a variable of this shell, and nobody but the shell sees another value of it: put the token into a file that you alone can read, and name it by cloudflare.token_command, [cat, FILE]',
    next: 'honeydue config:explain',
  })
