import { memberAt, quorumOf, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { nothingBeside } from '../../facts/nodes/before-reboot.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Readers } from '../../systems/systems.ts'
import type { Needs, ReplaceFacts } from './replace-facts.ts'

/** It is silent to everybody, and the others have a quorum with it and without it. */
export const mayGo = async ({ next, former, others, beside, keeper }: ReplaceFacts, look: Readers<Needs>): Promise<Finding> => {
  const { alias } = next.node
  const [boot, node, survey] = await Promise.all([
    told(look.nodes.boot(alias)),
    look.kube.get('Node', former.node),
    surveyEtcd(others, look.nodes),
  ])
  const quorum = quorumOf(survey)
  const silent = others.filter((other) => memberAt(survey, other) === undefined)
  const heard = others.some((other) => memberAt(survey, other)?.peers.some(({ id, active }) => active && quorum?.unseen.includes(id)))
  const left = quorum && quorum.voters - Math.min(1, quorum.unseen.length)
  return every([
    when(!('value' in boot), `${alias} answers over SSH: it is not gone`, 'honeydue nodes:status'),
    when(
      node === undefined || apiNodes([node], [])[0]?.ready === false,
      `the kubelet of ${alias} reports: it is not gone`,
      'honeydue nodes:status',
    ),
    when(keeper !== '', 'no other node is Ready', 'honeydue nodes:status'),
    nothingBeside(beside),
    silent.length > 0
      ? fails(
          `etcd of ${silent.join(', ')} does not answer: whether a quorum is left without ${alias} is not known`,
          'honeydue cluster:etcd',
        )
      : heard
        ? fails(`etcd hears from a member that is on none of ${others.join(', ')}: ${alias} is not gone`, 'honeydue cluster:etcd')
        : when(
            quorum !== undefined && left !== undefined && quorum.spare >= 0 && quorum.alive > left / 2,
            `etcd would have no quorum without ${alias}: ${quorum?.alive} of ${quorum?.voters} voters answer`,
            'honeydue cluster:etcd',
          ),
  ])
}
