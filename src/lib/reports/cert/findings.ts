import { type CertificateFacts, coversHost, shortFingerprint } from '../../certificates.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { faultsOf } from '../../facts/cert/acceptable.ts'
import { daysLeft, expiry } from '../../facts/cert/days.ts'
import { originBase, originSecret } from '../../facts/cert/places.ts'
import type { CertificateSurvey, PairFacts } from '../../facts/cert/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

/** Fewer days left than this is wrong. */
const fewDays = 30

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const named = (certificate: CertificateFacts): string => shortFingerprint(certificate.fingerprint)

/** The Secret of the survey that Traefik is to serve; undefined where there is none, or where it is not known which. */
export const liveSecret = ({ places, secrets }: CertificateSurvey) => {
  if (!places.answered || !secrets.answered) return undefined
  const [namespace] = places.value.namespaces
  return secrets.value.find((one) => one.namespace === namespace && one.name === originSecret)
}

/** Everything that is not as it should be, what customers feel first. */
export const certificateFindings = (survey: CertificateSurvey, now: Date): readonly Observation[] => {
  const { served, kept } = certificateParts(survey, now)
  const all = [...served, ...kept]
  return worstFirst(all)
}

/** The same by who feels it: customers feel what is served. */
export const certificateParts = (survey: CertificateSurvey, now: Date) => ({
  served: [...secretFindings(survey, now), ...nodeFindings(survey)],
  kept: [...modeFindings(survey), ...accountFindings(survey), ...fileFindings(survey, now)],
})

const unanswered = (what: string, one: { readonly answered: boolean; readonly error?: unknown }): readonly Observation[] =>
  one.answered ? [] : [wrong(`${what}: ${reasonOf(one.error)}`, one.error instanceof Trouble ? one.error.next : undefined)]

/** The pair in the checkout is one that Traefik and Cloudflare accept, and the Secret's is not: putting it in is the quick repair. */
const checkoutCures = (survey: CertificateSurvey, now: Date): boolean => {
  const { files, places, listed, originCa } = survey
  if (!files.answered || !places.answered) return false
  const demands = { hosts: places.value.hosts, now, listed: listed.answered ? listed.value.map(({ id }) => id) : undefined }
  const signed = (pair: PairFacts | undefined) => pair?.certificate !== undefined && originCa.has(pair.certificate.fingerprint)
  const live = liveSecret(survey)?.pair
  const fails = live === undefined || faultsOf(live, { ...demands, signed: signed(live) }).length > 0
  return fails && faultsOf(files.value, { ...demands, signed: signed(files.value) }).length === 0
}

const secretFindings = (survey: CertificateSurvey, now: Date): readonly Observation[] => {
  const { places, secrets, originCa } = survey
  if (!places.answered) return unanswered('The Ingresses were not read', places)
  if (!secrets.answered) return unanswered('The Secrets were not read', secrets)
  const { namespaces, hosts } = places.value
  const [namespace, ...more] = namespaces
  if (namespace === undefined) return [wrong(`No Ingress or TLSStore names the Secret ${originSecret}`, 'kubectl get ingress -A')]
  const place = `${namespace}/${originSecret}`
  const live = liveSecret(survey)
  if (!live)
    return [
      wrong(
        `There is no Secret ${place}: Traefik serves its default, and Cloudflare answers 526`,
        'bash deploy-k3s/scripts/02-setup-secrets.sh',
      ),
    ]
  const { certificate, keyFits } = live.pair
  const repair = checkoutCures(survey, now) ? 'honeydue cert:install' : 'honeydue cert:rotate --dry-run'
  if (!certificate) return [wrong(`Secret ${place} holds no certificate: Traefik serves its default, and Cloudflare answers 526`, repair)]
  const cure = repair.endsWith('install') ? repair : undefined
  const uncovered = hosts.filter((host) => !coversHost(certificate.names, host))
  const twins = secrets.value.filter(
    (one) => one !== live && one.pair.certificate?.names.some((name) => certificate.names.includes(name)) === true,
  )
  return [
    ...(keyFits ? [] : [wrong(`Secret ${place}: its key is not that of its certificate, so Traefik drops both`, repair)]),
    ...(daysLeft(certificate, now) <= fewDays ? [wrong(`The certificate of ${place} ${expiry(certificate, now)}`, repair)] : []),
    ...(uncovered.length > 0
      ? [wrong(`The certificate of ${place} is not for ${uncovered.join(', ')}: it has ${certificate.names.join(', ')}`, cure)]
      : []),
    ...(originCa.has(certificate.fingerprint)
      ? []
      : [wrong(`The certificate of ${place} is not signed by the Origin CA: ${certificate.issuer}`, cure)]),
    ...more.map((other) => wrong(`${other}/${originSecret} is named too: Traefik serves the first by namespace and name`)),
    ...twins.map((one) =>
      wrong(`Secret ${one.namespace}/${one.name} has a certificate for the same names: the first by namespace and name is served`),
    ),
    ...(live.appliedKey === 'another'
      ? [
          warning(
            `Secret ${place}: last-applied-configuration still holds another private key`,
            sh`kubectl -n ${namespace} annotate secret ${originSecret} kubectl.kubernetes.io/last-applied-configuration-`,
          ),
        ]
      : []),
  ]
}

const nodeFindings = (survey: CertificateSurvey): readonly Observation[] => {
  const expected = liveSecret(survey)?.pair.certificate
  return [...survey.served].flatMap(([alias, served]) => {
    if (!served.answered) return [wrong(`${alias} was not asked what it serves: ${reasonOf(served.error)}`)]
    const silent = [...served.value].flatMap(([name, found]) => (found ? [] : [name]))
    const others = [...served.value].filter(([, found]) => found && expected && found.fingerprint !== expected.fingerprint)
    const [, other] = others[0] ?? []
    const restart = 'kubectl -n kube-system rollout restart daemonset/traefik'
    return [
      ...(silent.length > 0
        ? [wrong(`${alias} completes no TLS handshake for ${silent.join(', ')}: Cloudflare answers 525`, restart)]
        : []),
      ...(other
        ? [
            wrong(
              `${alias} serves ${named(other)} (${other.subject}), not the Secret's, for ${others.map(([name]) => name).join(', ')}`,
              restart,
            ),
          ]
        : []),
    ]
  })
}

/** Both for the same reason, which is said once: Cloudflare does not answer at all. */
const neitherRead = ({ modes, listed }: CertificateSurvey): boolean =>
  !modes.answered && !listed.answered && reasonOf(modes.error) === reasonOf(listed.error)

const modeFindings = (survey: CertificateSurvey): readonly Observation[] => {
  const { modes } = survey
  if (!modes.answered) return neitherRead(survey) ? [] : unanswered("Cloudflare's SSL mode was not read", modes)
  const { settings, overrides } = modes.value
  return [
    ...(settings.ssl === 'strict' ? [] : [wrong(`The zone's SSL mode is ${settings.ssl}: the origin's certificate is not verified`)]),
    ...overrides
      .filter(({ ssl }) => ssl !== 'strict')
      .map(({ kind, where, ssl }) => wrong(`A ${kind} sets the SSL mode ${ssl} where ${where}: the origin is not verified there`)),
    ...(settings.sslAutomatic === 'auto' ? [warning('Automatic SSL/TLS is on: Cloudflare may change the SSL mode unasked')] : []),
  ]
}

const accountFindings = (survey: CertificateSurvey): readonly Observation[] => {
  const { listed } = survey
  const both = neitherRead(survey) ? ' and SSL mode' : ''
  if (!listed.answered) return unanswered(`Cloudflare's Origin CA certificates${both} were not read`, listed)
  const live = liveSecret(survey)?.pair.certificate
  const twins = listed.value.filter(({ names, id }) => live && id !== live.id && [...names].sort().join() === [...live.names].sort().join())
  return [
    ...(live && !listed.value.some(({ id }) => id === live.id)
      ? [wrong(`Cloudflare does not list the Secret's certificate ${named(live)}: it is revoked, or of another account`)]
      : []),
    ...twins.map(({ id, facts, expiresAt }) =>
      warning(
        `Cloudflare lists another certificate for the same names: ${facts ? named(facts) : 'not read'} (${id}), until ${expiresAt.toISOString().slice(0, 10)}`,
      ),
    ),
  ]
}

const fileFindings = (survey: CertificateSurvey, now: Date): readonly Observation[] => {
  const { files } = survey
  if (!files.answered) return unanswered('The checkout was not read', files)
  const { certificate, keyFits, keyMode } = files.value
  const live = liveSecret(survey)?.pair.certificate
  if (!certificate) return [wrong(`${originBase}.crt is not in the checkout, or is no certificate`)]
  return [
    ...(keyFits ? [] : [wrong(`${originBase}.key is not the key of ${originBase}.crt`)]),
    ...(live && live.fingerprint !== certificate.fingerprint
      ? [
          checkoutCures(survey, now)
            ? wrong(
                `The checkout has ${named(certificate)}, the Secret ${named(live)}: Cloudflare accepts the checkout's`,
                'honeydue cert:install',
              )
            : wrong(
                `The checkout has ${named(certificate)}, the Secret ${named(live)}: 02-setup-secrets.sh would put the checkout's in its place`,
              ),
        ]
      : []),
    ...(keyMode !== undefined && (keyMode & 0o077) !== 0
      ? [warning(`${originBase}.key may be read by others on this machine`, `chmod 600 ${originBase}.key`)]
      : []),
  ]
}
