import type { NetworkPolicy } from '../../kube-objects.ts'
import { fits } from '../cluster/selector.ts'

type Labels = Readonly<Record<string, string>>

/** Policies that leave these pods no way out to a TCP port: each that selects them for egress, where none of them allows it. By ports alone; whom a rule leads to is not looked at. */
export const barredFrom = (port: number, labels: Labels, policies: readonly NetworkPolicy[]): readonly string[] => {
  const own = policies.filter(
    ({ spec = {} }) => fits(spec.podSelector ?? {}, labels) && (spec.policyTypes?.includes('Egress') ?? spec.egress !== undefined),
  )
  const allowed = own.some(({ spec }) =>
    (spec?.egress ?? []).some(({ ports }) => ports === undefined || ports.some((one) => opens(one, port))),
  )
  return allowed ? [] : own.map(({ metadata }) => metadata.name)
}

/** A port by its name may be any: it counts as open. */
const opens = (
  { port: from, endPort, protocol = 'TCP' }: { readonly port?: number | string; readonly endPort?: number; readonly protocol?: string },
  port: number,
): boolean => protocol === 'TCP' && (typeof from !== 'number' || (endPort === undefined ? from === port : from <= port && port <= endPort))
