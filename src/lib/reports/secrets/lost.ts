import { Usage } from '../../errors.ts'
import { type Held, heldBy, workstation } from '../../facts/secrets/held.ts'
import { optionalText } from '../../plan/choice.ts'
import { defineReport } from '../../plan/report.ts'
import { part, sh } from '../../shell.ts'

/** What somebody has seen who is not to know it any more: in the order in which it should be renewed, and how far that is. */
export const secretsLost = defineReport({
  id: 'secrets:lost',
  title: 'Show what has to be renewed after a holder of secrets was lost',
  needs: ['kube'],
  choices: {
    holder: optionalText({
      about: 'who has seen them: workstation, the alias of a node, or a workload',
      default: workstation,
    }),
    since: optionalText({ about: 'when it was lost: 2026-05-16 or 2026-05-16T21:30Z; without it, now' }),
  },
  look: async ({ holder = workstation, since }, look, { environment, clock }) => {
    const lost = since === undefined ? clock.now() : timeOf(since)
    const held = await heldBy(holder, lost, look, environment)
    const left = held.filter(({ state }) => state !== 'rotated')
    return {
      findings: left.map(({ called, state, command }, i) => ({
        level: 'wrong' as const,
        text:
          state === 'written'
            ? `${called} was written since, and nobody noted that it is a new one`
            : `${called} is what ${holder} has seen`,
        // A list of what is to be done, one after the other: whether it can be done now, each says by its plan.
        next: command.includes('   #') ? command : sh`${part(command)}   # ${i + 1} of ${left.length}`,
      })),
      tables: [
        {
          columns: ['', 'secret', 'key', 'opens', 'since', 'renewed by'],
          rows: held.map(({ secret, key, opens, state, command }, i) => [String(i + 1), secret, key, opens, state, command]),
        },
      ],
      notes: [
        `${held.length - left.length} of ${held.length} renewed since ${lost.toISOString().slice(0, 16)}Z`,
        ...(left.length > 1 ? ['One after the other, in this order: what opens most from anywhere comes first'] : []),
        ...(since === undefined
          ? [
              `Without --since, nothing counts as renewed. To go on after each: ${sh`honeydue secrets:lost --holder ${holder} --since ${`${lost.toISOString().slice(0, 19)}Z`}`}`,
            ]
          : []),
        ...beyond(holder),
      ],
      data: { holder, since: lost.toISOString(), held: held.map(documentOf) },
    }
  },
})

const documentOf = ({ secret, key, called, state, command }: Held) => ({ secret, key, called, state, command })

/** What else was lost, and is no Secret. */
const beyond = (holder: string): readonly string[] =>
  holder === workstation
    ? [
        'This machine’s token of Cloudflare is no Secret: honeydue secrets:rotate CLOUDFLARE_API_TOKEN',
        'The kubeconfig, SSH keys and the key of Neon are none either: they end where they were made',
      ]
    : []

/** A day, or a time of it with its zone: RFC 3339. */
const timeOf = (said: string): Date => {
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(said) ? new Date(said) : new Date(Number.NaN)
  if (!Number.isNaN(time.getTime())) return time
  throw new Usage({
    code: 'no-time',
    failed: `${said} is no day and no time`,
    cause: 'It is 2026-05-16, or 2026-05-16T21:30Z',
    next: 'honeydue secrets:lost --help',
  })
}
