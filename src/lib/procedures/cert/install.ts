import { shortFingerprint } from '../../certificates.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherInstallation } from './install-facts.ts'
import { answers, putPair, servedEverywhere } from './install-steps.ts'

/** The pair of the checkout in the Secret that Traefik serves: the quick repair where the Secret's own is expired, damaged or gone, and the checkout's is good. */
export const install = defineProcedure({
  id: 'cert:install',
  title: "Put the checkout's certificate into the cluster",
  needs: ['checkout', 'kube', 'nodes', 'cloudflare', 'http'],
  choices: {},
  risk: () => 'disruptive',
  gather: (_, look, context) => gatherInstallation(look, context),
  subject: ({ secret }) => `${secret.namespace}/${secret.name}`,
  target: ({ secret, pair, live, folder, places }) => [
    `Secret ${secret.namespace}/${secret.name}, for ${places.hosts.join(', ')}`,
    `The Secret's: ${live ? `${shortFingerprint(live.fingerprint)}, until ${live.notAfter.toISOString().slice(0, 10)}` : 'none that can be read'}`,
    `The checkout's: ${pair ? `${shortFingerprint(pair.fingerprint)}, until ${pair.notAfter.toISOString().slice(0, 10)}` : 'none'}, in ${folder}`,
  ],
  beyond: ({ unlisted, away }) => [
    ...away,
    ...(unlisted === undefined ? [] : [`Whether Cloudflare has revoked the checkout's could not be read: ${unlisted}`]),
    'The edge asks another node when one fails: a bad node shows from the node itself, not through the edge',
  ],
  steps: (facts) => [putPair(facts), servedEverywhere(facts), answers(facts)],
})
