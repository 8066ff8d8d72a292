import { offerNodes } from '../../facts/nodes/offered.ts'
import { argument, optionalText, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { leftAlone } from '../edge/round-robin-facts.ts'
import { gatherReplace, type ReplaceFacts } from './replace-facts.ts'
import { replaceSteps } from './replace-steps.ts'

/** Takes a machine that is gone for good out of the cluster and of etcd, and brings the one that takes its place to what that was. */
export const replace = defineProcedure({
  id: 'nodes:replace',
  title: 'Put a new machine in the place of one that is gone',
  needs: ['kube', 'cloudflare', 'nodes', 'http'],
  choices: {
    node: argument({ about: 'alias of the node that is gone, as nodes:status shows it', ask: 'Which node is gone?' }),
    address: optionalText({ about: 'IPv4 address of the new machine, where it is another one' }),
    provisioned: toggle({ about: 'the new machine is made, and joins by itself; its host key is known: nobody is asked whether it is so' }),
  },
  offers: { node: offerNodes },
  risk: () => 'irreversible',
  gather: gatherReplace,
  subject: ({ next }) => next.node.alias,
  target: ({ edge: { node, zone, account }, next }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    ...(next.node.address === node.address ? [] : [`the new one at ${next.node.address}`]),
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => (facts.done ? [] : [...lostWithIt(facts), ...beforeItJoins(facts), ...leftAlone(facts.edge)]),
  steps: replaceSteps,
})

const lostWithIt = ({ lost, others }: ReplaceFacts): readonly string[] => [
  ...lost.map(({ claim }) => `The volume of ${claim} was on its disk alone and is lost: under the same host name it begins empty`),
  ...(lost.some(({ redis }) => redis)
    ? [`Redis waits until the new one has joined; elsewhere it runs at once by ${sh`honeydue redis:recover ${others[0] ?? ''}`}`]
    : []),
]

const beforeItJoins = ({ former, begun, next }: ReplaceFacts): readonly string[] => [
  ...(begun ? ['A run before this one has begun: it goes on with what was noted then'] : []),
  ...(former.uid === '' ? [`${former.node} is no node any more: which labels and taints it had is not known`] : []),
  'Until the new one has joined, etcd has no vote to spare: no other server may go down',
  `The new one needs the host name ${former.node}: k3s names its Node by it, and pods and volumes that are pinned look for it`,
  `What the old machine had seen (its keys, the servers' token) is seen by whoever has its disk: ${sh`honeydue secrets:lost --holder ${next.node.alias}`}`,
]
