import { type CertificateFacts, type OriginValidity, originValidities, shortFingerprint } from '../../certificates.ts'
import { duration, optionalText, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherRotation } from './rotation-facts.ts'
import { answersThroughTheEdge, keepKey, noteRotation, place, replaceSecret, revoke, servedByAll, sign, soaked } from './rotation-steps.ts'

const namesAndEnd = ({ names, notAfter }: CertificateFacts): string =>
  `for ${names.join(', ')}, until ${notAfter.toISOString().slice(0, 10)}`

/** A new origin certificate by the order of secret-rotation.md: the files, the Secret, what serves it, and only then the old one's end. */
export const rotate = defineProcedure({
  id: 'cert:rotate',
  title: 'Replace the origin certificate, and revoke the old one',
  needs: ['checkout', 'kube', 'nodes', 'cloudflare', 'http'],
  choices: {
    validity: optionalText({
      about: `days that the new certificate is valid: ${originValidities.join(', ')}`,
      default: '5475',
      refuse: (value) =>
        originValidities.map(String).includes(value) ? undefined : `Cloudflare signs for ${originValidities.join(', ')} days`,
    }),
    soak: duration({ about: 'how long it is served before the old one is revoked', default: '10m' }),
    'keep-old': toggle({ about: 'stop before the old certificate is revoked' }),
    'newer-than': duration({ about: 'a certificate younger than this is the new one: go on with it', default: '24h' }),
  },
  // Everything but the revocation can be taken back.
  risk: (input) => (input['keep-old'] ? 'disruptive' : 'irreversible'),
  gather: (input, look, context) =>
    gatherRotation(
      {
        days: Number(input.validity ?? 5475) as OriginValidity,
        soak: input.soak,
        keepOld: input['keep-old'],
        newerThan: input['newer-than'],
      },
      look,
      context,
    ),
  // Where nothing is revoked, it is the Secret that changes.
  subject: ({ old, secret }) => (old ? shortFingerprint(old.fingerprint) : `${secret.namespace}/${secret.name}`),
  target: ({ secret, zone, old, places }) => [
    `Secret ${secret.namespace}/${secret.name}`,
    `Cloudflare's zone ${zone}, for ${places.hosts.join(', ')}`,
    // In two halves, for the width of a terminal.
    ...(old ? [`The old one: ${old.fingerprint.slice(0, 48)} ${old.fingerprint.slice(48)}`, namesAndEnd(old)] : []),
  ],
  beyond: () => [
    'The edge asks another node when one fails: a bad node shows from the node itself, not through the edge',
    'Other machines with a copy of deploy-k3s/secrets keep the old pair: copy the new one there',
  ],
  steps: (facts) => [
    keepKey(facts),
    sign(facts),
    place(facts),
    replaceSecret(facts),
    servedByAll(facts),
    answersThroughTheEdge(facts),
    noteRotation(facts),
    soaked(facts),
    ...revoke(facts),
  ],
})
