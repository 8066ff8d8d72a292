import { type CertificateFacts, shortFingerprint } from '../../certificates.ts'
import { reasonOf } from '../../errors.ts'
import { daysLeft } from '../../facts/cert/days.ts'
import { type K3sCertificateFacts, type K3sCertificateSurvey, surveyK3sCertificates } from '../../facts/cluster/k3s-certificates.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { certsFindings } from './certs-findings.ts'

/** k3s' certificates on every node and the operator's kubeconfig; asked over SSH alone, so that it works on the day on which they have ended. */
export const clusterCerts = defineReport({
  id: 'cluster:certs',
  title: "Show k3s' certificates and the kubeconfig, and when they end",
  needs: ['nodes', 'kube'],
  choices: {},
  look: async (_, { nodes, kube }, { environment, clock }) => {
    const survey = await surveyK3sCertificates(
      environment.nodes.map(({ alias }) => alias),
      nodes,
      kube,
    )
    const now = clock.now()
    return {
      findings: certsFindings(survey, now),
      tables: [table(survey, now)],
      notes: ['k3s renews what ends within 120 days whenever it starts; its authorities last ten years', ...ofKubeconfig(survey)],
      unreachable: [...survey.nodes.values()].every(({ answered }) => !answered),
      data: documentOf(survey, now),
    }
  },
})

const row = (where: string, what: string, facts: CertificateFacts, now: Date, beside: string): readonly string[] => [
  where,
  what,
  facts.notAfter.toISOString().slice(0, 10),
  String(daysLeft(facts, now)),
  beside,
]

/** Of each node the first that ends, of those that are renewed and of the authorities. */
const table = ({ nodes, kubeconfig }: K3sCertificateSurvey, now: Date): Table => ({
  columns: ['where', 'ends first', 'until', 'days', 'of'],
  rows: [
    ...[...nodes].flatMap(([alias, found]): readonly (readonly string[])[] => {
      if (!found.answered) return [[alias, 'not read', '', '', '']]
      const of = (authority: boolean) => found.value.filter((one) => one.authority === authority)
      return [false, true].flatMap((authority) => {
        const [first] = of(authority)
        return first ? [row(alias, first.file, first.facts, now, String(of(authority).length))] : []
      })
    }),
    kubeconfig.answered
      ? kubeconfig.value.facts
        ? row('kubeconfig', kubeconfig.value.context, kubeconfig.value.facts, now, '1')
        : ['kubeconfig', kubeconfig.value.context, 'no certificate', '', '']
      : ['kubeconfig', 'not read', '', '', ''],
  ],
})

const ofKubeconfig = ({ kubeconfig }: K3sCertificateSurvey): readonly string[] =>
  kubeconfig.answered
    ? [`The kubeconfig is ${kubeconfig.value.kubeconfig}, its server ${kubeconfig.value.server}`]
    : [`The kubeconfig: ${reasonOf(kubeconfig.error)}`]

/** For machines: fingerprints whole, dates as RFC 3339, no key of any kind. */
const documentOf = ({ nodes, kubeconfig }: K3sCertificateSurvey, now: Date) => {
  const of = ({ file, authority, facts }: K3sCertificateFacts) => ({
    file,
    authority,
    subject: facts.subject,
    fingerprint: shortFingerprint(facts.fingerprint),
    notAfter: facts.notAfter,
    daysLeft: daysLeft(facts, now),
  })
  return {
    nodes: [...nodes].map(([alias, found]) => ({ alias, certificates: found.answered ? found.value.map(of) : null })),
    kubeconfig: kubeconfig.answered
      ? {
          path: kubeconfig.value.kubeconfig,
          context: kubeconfig.value.context,
          server: kubeconfig.value.server,
          ...(kubeconfig.value.facts && { notAfter: kubeconfig.value.facts.notAfter, daysLeft: daysLeft(kubeconfig.value.facts, now) }),
        }
      : null,
  }
}
