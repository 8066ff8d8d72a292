import { type Duration, minutes, seconds } from '../../clock.ts'
import { type Finding, fails } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { type ShellLine, sh } from '../../shell.ts'
import { spoken } from '../../spoken.ts'
import type { Name, Provers, Readers, Shown } from '../../systems/systems.ts'
import type { ValueFacts } from './rotation-types.ts'

/** A wait, with a word before it. */
const waiting = (soak: Duration): readonly ShellLine[] =>
  soak === 0 ? [] : [sh`echo ${`Waiting ${spoken(soak)}`} >&2`, sh`sleep ${Math.ceil(soak / seconds(1))}`]

/** Time by the record of whoever keeps it live, the cluster's own of the Secret's last write, so that a run that goes on need not wait again. */
export const soaked = <N extends Name>(
  facts: Pick<ValueFacts, 'live' | 'soak' | 'clock'>,
  meanwhile: {
    readonly title: string
    readonly holds: (look: Readers<N>) => Promise<Finding>
    readonly shows?: (prove: Provers<N>) => Shown
  },
): Proof<N> => ({
  title: meanwhile.title,
  onlyAfterwards: true,
  holds: async (look) => {
    const since = await facts.live.since(look as unknown as Readers<'kube' | 'checkout'>)
    const over = (since?.getTime() ?? 0) + facts.soak - facts.clock.now().getTime()
    return over > 0 ? fails(`${Math.ceil(over / seconds(1))} s of the soak are left`) : meanwhile.holds(look)
  },
  within: facts.soak + minutes(2),
  shows: (prove) => both({ lines: waiting(facts.soak) }, meanwhile.shows?.(prove) ?? { lines: [] }),
})
