import { counted } from '../../counted.ts'
import { got } from '../../facts/edge/survey.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { workstation } from '../../facts/secrets/held.ts'
import { argument, optionalText, texts } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { gatherRevoke, leavingOf, type RevokeFacts } from './revoke-facts.ts'
import { offerKeys, revoking } from './revoke-steps.ts'

/** Takes a key out of the authorized_keys of every node, never the last one and never that of this machine, and says what else its holder has seen. */
export const revoke = defineProcedure({
  id: 'access:revoke',
  title: 'Take an SSH key off every node',
  needs: ['nodes', 'kube'],
  choices: {
    name: argument({ about: "the key's comment, or its fingerprint (SHA256:…)", ask: 'Which key?' }),
    holder: optionalText({
      about: 'who has seen what secrets:lost shows: workstation, the alias of a node, or a workload',
      default: workstation,
    }),
    'key-file': optionalText({ about: 'the private key, where it is at hand: a login with it must be refused afterwards' }),
    without: texts({ about: 'alias of a node that does not answer and is left for later' }),
  },
  offers: { name: offerKeys, without: offerNodes },
  risk: () => 'disruptive',
  gather: (input, look, { environment, clock }) =>
    gatherRevoke(input, look, environment, { holder: input.holder ?? workstation, now: clock.now() }),
  subject: ({ name }) => name,
  target: (facts) => [...facts.chosen.map(({ fingerprint, type, comment }) => `${fingerprint} ${comment} (${type})`)],
  beyond: (facts) => [...keptBeside(facts), ...besideFiles(facts), ...seenByHolder(facts), ...elsewhereToo],
  elsewhere: ({ without, name }) =>
    without.map((alias) => `${alias} may let it in still. Once it answers: ${sh`honeydue access:revoke ${name}`}`),
  steps: revoking,
})

const keptBeside = (facts: RevokeFacts): readonly string[] =>
  leavingOf(facts).some(({ going }) => going.length > 0)
    ? [
        'Of each file the one before stays beside it, as ….revoked-…; a session that is open stays open: sudo ss -tnp state established sport = :22',
      ]
    : []

/** What lets people in and stands in no such file. */
const besideFiles = ({ nodes }: RevokeFacts): readonly string[] =>
  nodes.flatMap(({ alias, keys }) =>
    (got(keys)?.beside ?? []).map((one) => `${alias} lets in by ${one} as well, where this procedure takes nothing away`),
  )

const seenByHolder = ({ held, holder }: RevokeFacts): readonly string[] => {
  if (!('value' in held)) return [`What ${holder} has seen is not known (${held.because}): ${sh`honeydue secrets:lost --holder ${holder}`}`]
  const lines = [...new Set(held.value.filter(({ state }) => state !== 'rotated').map(({ command }) => String(command)))]
  return [
    `${holder} has seen ${counted(held.value.length, 'value')}, to be renewed in this order; how far that is: ${sh`honeydue secrets:lost --holder ${holder}`}`,
    ...lines,
  ]
}

const elsewhereToo: readonly string[] = [
  'A kubeconfig is a client certificate, and k3s revokes none: it opens the cluster until it ends (honeydue cluster:certs) or the authorities are replaced (k3s certificate rotate-ca)',
  "Who had root on a node could read the server's token: k3s token rotate",
  'Tokens of Cloudflare, Neon, Gitea and Hetzner end where they were made; machines that are no nodes have keys of their own',
]
