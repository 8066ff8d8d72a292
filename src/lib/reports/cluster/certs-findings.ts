import { counted } from '../../counted.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { daysLeft, expiry } from '../../facts/cert/days.ts'
import { type K3sCertificateFacts, type K3sCertificateSurvey, renewedWithin } from '../../facts/cluster/k3s-certificates.ts'
import { silentNode } from '../../facts/nodes/silent.ts'
import { asRootOn } from '../../node-lines.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

/** So few are no time to plan in. */
const urgentWithin = 30
/** Nothing renews an authority by itself. */
const authorityWithin = 365

/** What has ended or ends soon, worst first. */
export const certsFindings = ({ nodes, kubeconfig }: K3sCertificateSurvey, now: Date): readonly Observation[] => {
  const found = [
    ...[...nodes].flatMap(([alias, one]): readonly Observation[] =>
      one.answered ? [...ofNode(alias, one.value, now), ...authorities(alias, one.value, now)] : [silentNode(alias, one.error)],
    ),
    ...ofKubeconfig(kubeconfig, nodes, now),
  ]
  return worstFirst(found)
}

const nextOf = (error: unknown, otherwise: string) => ({ next: (error instanceof Trouble ? error.next : undefined) ?? otherwise })

/** The level of what is renewed by a start, by the days that are left. */
const levelOf = (left: number): Observation['level'] => (left < urgentWithin ? 'wrong' : 'warning')

const ofNode = (alias: string, all: readonly K3sCertificateFacts[], now: Date): readonly Observation[] => {
  const own = all.filter(({ authority }) => !authority)
  if (own.length === 0)
    return [{ level: 'wrong', text: `${alias} has no certificates of k3s`, next: asRootOn(alias, sh`ls /var/lib/rancher/k3s/server/tls`) }]
  const soon = own.filter(({ facts }) => daysLeft(facts, now) < renewedWithin)
  const [first] = soon
  if (!first) return []
  const more = soon.length > 1 ? `, and ${counted(soon.length - 1, 'other')} within ${renewedWithin} days` : ''
  return [
    {
      level: levelOf(daysLeft(first.facts, now)),
      text: `${first.file} of ${alias} ${expiry(first.facts, now)}${more}: a start of k3s renews them`,
      next: sh`honeydue cluster:renew-certs ${alias} --dry-run`,
    },
  ]
}

const authorities = (alias: string, all: readonly K3sCertificateFacts[], now: Date): readonly Observation[] =>
  all
    .filter(({ authority, facts }) => authority && daysLeft(facts, now) < authorityWithin)
    .map(({ file, facts }) => ({
      level: levelOf(daysLeft(facts, now)),
      text: `The authority ${file} of ${alias} ${expiry(facts, now)}, and no start of k3s renews it`,
      next: 'k3s certificate rotate-ca --help',
    }))

const ofKubeconfig = (
  kubeconfig: K3sCertificateSurvey['kubeconfig'],
  nodes: K3sCertificateSurvey['nodes'],
  now: Date,
): readonly Observation[] => {
  if (!kubeconfig.answered) return [{ level: 'wrong', text: reasonOf(kubeconfig.error), ...nextOf(kubeconfig.error, 'honeydue doctor') }]
  const { facts, kubeconfig: path } = kubeconfig.value
  if (!facts || daysLeft(facts, now) >= renewedWithin) return []
  const newer = [...nodes].find(
    ([, one]) =>
      one.answered && one.value.some(({ file, facts: theirs }) => file.endsWith('/client-admin.crt') && theirs.notAfter > facts.notAfter),
  )
  return [
    {
      level: levelOf(daysLeft(facts, now)),
      text: `The certificate in ${path} ${expiry(facts, now)}${newer ? `; ${newer[0]} has a later one` : ''}`,
      ...(newer && { next: 'honeydue kubeconfig:renew --dry-run' }),
    },
  ]
}
