import { type CertificateFacts, shortFingerprint } from '../../certificates.ts'
import { daysLeft } from '../../facts/cert/days.ts'
import { type CertificateSurvey, surveyCertificate } from '../../facts/cert/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { certificateFindings, liveSecret } from './findings.ts'

/** One certificate wherever it is: in the checkout, in the Secret, on every node, at Cloudflare. Any two that differ are a finding. */
export const certStatus = defineReport({
  id: 'cert:status',
  title: 'Show the origin certificate wherever it is, and where they differ',
  needs: ['checkout', 'kube', 'nodes', 'cloudflare'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const survey = await surveyCertificate(environment, look)
    const now = clock.now()
    const { files, secrets, listed, served } = survey
    return {
      findings: certificateFindings(survey, now),
      tables: [table(survey, now)],
      notes: notes(survey),
      unreachable: !files.answered && !secrets.answered && !listed.answered && [...served.values()].every(({ answered }) => !answered),
      data: documentOf(survey, now),
    }
  },
})

const table = (survey: CertificateSurvey, now: Date): Table => {
  const { files, secrets, served, listed } = survey
  const live = liveSecret(survey)
  const row = (where: string, found: CertificateFacts | undefined, key: string): readonly string[] =>
    found
      ? [where, shortFingerprint(found.fingerprint), found.notAfter.toISOString().slice(0, 10), String(daysLeft(found, now)), key]
      : [where, 'none', '', '', key]
  const key = (fits: boolean) => (fits ? 'fits' : 'another')
  return {
    columns: ['where', 'SHA-256 begins', 'until', 'days', 'key'],
    rows: [
      files.answered ? row('checkout', files.value.certificate, key(files.value.keyFits)) : ['checkout', 'not read', '', '', ''],
      secrets.answered ? row('Secret', live?.pair.certificate, live ? key(live.pair.keyFits) : '') : ['Secret', 'not read', '', '', ''],
      ...[...served].flatMap(([alias, found]) => {
        if (!found.answered) return [[alias, 'not read', '', '', '']]
        const kinds = new Map([...found.value.values()].map((one) => [one?.fingerprint, one]))
        return [...kinds.values()].map((one) => row(alias, one, ''))
      }),
      ...(listed.answered ? listed.value.map(({ facts }) => row('Cloudflare', facts, '')) : [['Cloudflare', 'not read', '', '', '']]),
    ],
  }
}

const notes = (survey: CertificateSurvey): readonly string[] => {
  const live = liveSecret(survey)
  if (!live) return []
  const { certificate } = live.pair
  const { modes } = survey
  return [
    `Secret ${live.namespace}/${live.name}, ${live.lastRotated === undefined ? 'without a note of its last rotation' : `last rotated ${live.lastRotated}`}`,
    ...(certificate ? [`${certificate.subject} for ${certificate.names.join(', ')}`, `signed by ${certificate.issuer}`] : []),
    ...(modes.answered ? [`The zone's SSL mode is ${modes.value.settings.ssl}`] : []),
  ]
}

/** For machines: fingerprints whole, dates as RFC 3339, no key of any kind. */
const documentOf = (survey: CertificateSurvey, now: Date) => {
  const { files, secrets, served, listed, modes } = survey
  const of = (found: CertificateFacts | undefined) => found && { ...found, daysLeft: daysLeft(found, now) }
  return {
    checkout: files.answered ? { certificate: of(files.value.certificate), keyFits: files.value.keyFits } : undefined,
    secrets: secrets.answered
      ? secrets.value.map(({ namespace, name, lastRotated, appliedKey, pair }) => ({
          namespace,
          name,
          lastRotated,
          appliedKey,
          certificate: of(pair.certificate),
          keyFits: pair.keyFits,
        }))
      : undefined,
    nodes: [...served].map(([alias, found]) => ({
      alias,
      served: found.answered ? [...found.value].map(([name, one]) => ({ name, certificate: of(one) })) : undefined,
    })),
    cloudflare: listed.answered ? listed.value.map(({ id, names, facts }) => ({ id, names, certificate: of(facts) })) : undefined,
    modes: modes.answered ? modes.value : undefined,
  }
}
