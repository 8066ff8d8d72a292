import { age } from '../age.ts'
import { atMost, type Clock, seconds } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import { answer } from '../facts/answer.ts'
import { clipped } from '../facts/cluster/clipped.ts'
import { askPages } from '../facts/providers/pages.ts'
import type { Context, Operators } from '../plan/context.ts'
import type { Observation } from '../plan/report.ts'
import type { Readers } from '../systems/systems.ts'
import { kubeconfigDays } from './doctor-machine.ts'

/** A line of the screen that is no report: what it says, where more of it is, and what is to be known of it, if anything. */
export interface Beside {
  readonly what: string
  readonly state: string
  readonly told: string
  readonly command: string
  readonly finding?: Observation
}

/** Who works on the deployment, how long this machine's key to it is good, and what providers say of themselves. */
export const besides = async (look: Readers<'kube' | 'http'>, { environment, operators, clock }: Context): Promise<readonly Beside[]> => {
  const [told, file, pages] = await Promise.all([
    operators?.(),
    atMost(clock, seconds(5), answer(look.kube.credentials())),
    providers(environment, look.http, clock),
  ])
  return [
    ...(file?.answered ? ofKubeconfig(file.value.kubeconfig, file.value.certificate, clock.now()) : []),
    ...(told ? ofOperators(told, clock.now()) : []),
    ...pages,
  ]
}

const ofKubeconfig = (path: string, certificate: string | undefined, now: Date): readonly Beside[] =>
  kubeconfigDays(path, certificate, now).map((check) => ({
    what: 'kubeconfig',
    state: check.ok ? 'well' : 'warning',
    told: check.ok ? check.found : check.because,
    command: 'doctor',
    ...(!check.ok && { finding: { level: 'warning' as const, text: `kubeconfig: ${check.because}`, next: 'honeydue kubeconfig:renew' } }),
  }))

const ago = (at: string, now: Date): string => `${age(Math.max(0, (now.getTime() - Date.parse(at)) / 1000))} ago`

const ofOperators = ({ last, holder, leaseKnown }: Operators, now: Date): readonly Beside[] => [
  last === undefined
    ? { what: 'last run', state: 'none', told: 'none on this machine', command: 'run:list' }
    : {
        what: 'last run',
        state: last.ending,
        told: clipped(`${last.what}, ${ago(last.at, now)}`, 40),
        command: 'run:show last',
        ...(last.open && {
          finding: { level: 'warning' as const, text: `the last run, ${last.what}, was ${last.ending}`, next: 'honeydue run:show last' },
        }),
      },
  holder === undefined
    ? {
        what: 'lease',
        state: leaseKnown ? 'free' : 'not known',
        told: leaseKnown ? 'nobody changes anything' : 'it could not be asked',
        command: 'lock:status',
      }
    : {
        what: 'lease',
        state: 'held',
        told: clipped(`${holder.who}: ${holder.doing}`, 40),
        command: 'lock:status',
        finding: { level: 'warning', text: `${holder.who} is changing this deployment: ${holder.doing}`, next: 'honeydue run:watch' },
      },
]

const providers = async ({ status_pages: pages }: Environment, http: Readers<'http'>['http'], clock: Clock): Promise<readonly Beside[]> =>
  (await askPages(pages, http, clock)).map(({ name, said, because }) => ({
    what: clipped(name, 16),
    state: said === undefined ? 'not known' : clipped(said.indicator, 12),
    told: `${clipped(said?.text ?? because ?? '', 40)} (its own word)`,
    command: 'providers',
  }))
