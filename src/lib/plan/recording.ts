import { reasonOf } from '../errors.ts'
import type { ShellLine } from '../shell.ts'
import type { Name, Said, Systems, Writers } from '../systems/systems.ts'

/** observed: we read the live thing and computed the effect; predicted: the server accepted a dry run; opaque: known only by doing it. */
export type Fidelity = 'observed' | 'predicted' | 'opaque'

/** One writer call as a dry run saw it. */
export interface Recorded {
  readonly system: string
  readonly call: string
  readonly target: string
  /** What has to stand before the lines, once. */
  readonly before?: readonly ShellLine[]
  readonly lines: readonly ShellLine[]
  /** Files of this machine that it writes. */
  readonly files?: readonly string[]
  /** Whether the live server accepted a rehearsal; undefined where none was tried. */
  readonly rehearsal?: { readonly accepted: true } | { readonly accepted: false; readonly because: string }
}

interface Speaking {
  readonly say: Readonly<Record<string, (...args: readonly unknown[]) => Said>>
  readonly rehearse?: Readonly<Record<string, ((...args: readonly unknown[]) => Promise<void>) | undefined>>
}

/**
 * Writers that change nothing: each call is noted with its shell lines, and sent as a server-side dry run where the system has one.
 * A call on an object that an earlier call of the same plan changes is not rehearsed: the live server does not know that change yet.
 */
export const recordingWriters = <N extends Name>(
  systems: Pick<Systems, N>,
  names: readonly N[],
  touched: Set<string>,
): { readonly write: Writers<N>; readonly recorded: readonly Recorded[] } => {
  const recorded: Recorded[] = []
  const writers = names.map((name) => {
    const { say, rehearse } = systems[name] as unknown as Speaking
    const calls = Object.keys(say).map((call) => [
      call,
      async (...args: readonly unknown[]) => {
        const said = say[call]?.(...args)
        if (!said) return
        const base = {
          system: name as string,
          call,
          target: said.target,
          lines: typeof said.line === 'string' ? [said.line] : said.line,
          ...(said.before && { before: said.before }),
          ...(said.files && { files: said.files }),
        }
        const attempt = touched.has(said.target) ? undefined : rehearse?.[call]
        touched.add(said.target)
        recorded.push(attempt ? { ...base, rehearsal: await outcome(attempt(...args)) } : base)
      },
    ])
    return [name, Object.fromEntries(calls)]
  })
  return { write: Object.fromEntries(writers) as Writers<N>, recorded }
}

const outcome = (attempt: Promise<void>): Promise<NonNullable<Recorded['rehearsal']>> =>
  attempt.then(
    () => ({ accepted: true }),
    (error: unknown) => ({ accepted: false, because: reasonOf(error) }),
  )
