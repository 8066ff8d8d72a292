import type { Finding } from '../../plan/finding.ts'
import type { Gate, Step } from '../../plan/procedure.ts'
import type { TableSize } from '../../systems/postgres/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { dropBoth, keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { hasLive } from './live-secret.ts'
import { gatherRotation } from './rotation-facts.ts'
import type { RotationFacts } from './rotation-types.ts'
import { restarts, setInSecret } from './secret-steps.ts'

type Systems = 'checkout' | 'kube' | 'postgres'

interface KeyFacts extends RotationFacts {
  /** Tables that are called after tokens; undefined where the database could not be asked. */
  readonly tokens: readonly TableSize[] | undefined
}

/** What the application signs with. Nobody takes two: with the new one, whatever was signed with the old one is worth nothing. */
export const secretKey: Kind<KeyFacts, Systems> = {
  gather: async (wish, look, context) => {
    const { secret } = context.environment.database
    const [facts, tokens] = await Promise.all([
      gatherRotation({ secret, key: 'SECRET_KEY', servers: [] }, wish, look, context),
      tokenTables(look).catch(() => undefined),
    ])
    return { ...facts, tokens }
  },
  target: () => [],
  beyond: (facts) => [
    'While pods are restarted one after another, what one of them signs is refused by another: sessions come and go until the last one has the new key',
    `Links in mails that were sent before are signed with the old one as well. ${tokensSaid(facts)}`,
    'It does not end what the database or Redis keeps of a session: to log somebody out, that is what has to be taken away',
    ...(facts.keepOld ? ['The old value stays in a file beside the source, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    keepBoth(facts),
    sessionsEnd(facts),
    placeInSource(facts),
    setInSecret(facts),
    ...(restarts(facts) as readonly Step<Systems>[]),
    ...(facts.old === undefined
      ? [tidy(facts)]
      : facts.keepOld
        ? []
        : [dropBoth<'kube'>(facts, (look) => hasLive(facts, facts.next, look), 'nobody has the old key any more')]),
  ],
}

/** In which table tokens are kept, no source says: the live database is asked which are called so. */
const tokenTables = async ({ postgres }: Readers<'postgres'>): Promise<readonly TableSize[]> => {
  const { direct } = await postgres.application()
  return (await postgres.tableSizes(direct)).filter(({ table }) => /token/i.test(table))
}

const tokensSaid = ({ tokens }: KeyFacts): string => {
  if (tokens === undefined) return 'How many tokens are in use is not known: the database could not be asked'
  if (tokens.length === 0) return 'How many tokens are in use is not known: no table is called after them'
  const counted = tokens.map(({ table, rows }) => `${table} ${rows < 0 ? 'never counted' : `about ${rows}`}`)
  return `Tokens, as the server last counted them: ${counted.join(', ')}`
}

/** Asked after both values are on the disk, and before anything live changes. */
const sessionsEnd = (facts: KeyFacts): Gate<Systems> => ({
  title: 'Type the name, for every session to end',
  ask: `Whoever is logged in by what is signed with the old ${facts.key} has to log in again: choose a quiet hour.`,
  note: `${tokensSaid(facts)}.`,
  typed: true,
  needless: (look): Promise<Finding> => hasLive(facts, facts.next, look),
})
