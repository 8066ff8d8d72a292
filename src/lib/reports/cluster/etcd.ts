import { age } from '../../age.ts'
import { reasonOf } from '../../errors.ts'
import { type EtcdSurvey, memberAt, newestOf, quorumOf, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import type { EtcdMember } from '../../systems/nodes/etcd-types.ts'
import { etcdFindings } from './etcd-findings.ts'

/** etcd's members, database and snapshots; asked over SSH alone, so that it answers when the Kubernetes API does not. */
export const clusterEtcd = defineReport({
  id: 'cluster:etcd',
  title: "Show etcd's members, quorum, database and snapshots",
  needs: ['nodes'],
  choices: {},
  look: async (_, { nodes }, { environment, clock }) => {
    const survey = await surveyEtcd(
      environment.nodes.map(({ alias }) => alias),
      nodes,
    )
    const now = clock.now()
    return {
      findings: etcdFindings(survey, now),
      tables: [table(survey, now)],
      notes: [...inWords(survey), ...backups(survey)],
      unreachable: [...survey.values()].every(({ answered }) => !answered),
      data: documentOf(survey),
    }
  },
})

const role = ({ isLeader, isLearner, hasLeader }: EtcdMember): string =>
  isLeader ? 'leader' : isLearner ? 'learner' : hasLeader ? 'follower' : 'no leader'

const table = (survey: EtcdSurvey, now: Date): Table => ({
  columns: ['node', 'member', 'role', 'database', 'quota', 'fsync', 'snapshots', 'newest'],
  rows: [...survey].map(([alias, found]) => {
    if (!found.answered) return [alias, 'not asked', '', '', '', '', '', '']
    const { member, snapshots } = found.value
    const newest = newestOf(snapshots)
    const kept = [String(snapshots.length), newest ? age((now.getTime() - newest.getTime()) / 1000) : '']
    if (!member) return [alias, 'silent', '', '', '', '', ...kept]
    const { id, databaseBytes, quotaBytes, fsyncSeconds } = member
    return [
      alias,
      id.slice(0, 8),
      role(member),
      bytes(databaseBytes),
      `${Math.round((100 * databaseBytes) / quotaBytes)} %`,
      fsyncSeconds === undefined ? '' : `${Math.round(fsyncSeconds * 1000)} ms`,
      ...kept,
    ]
  }),
})

const inWords = (survey: EtcdSurvey): readonly string[] => {
  const quorum = quorumOf(survey)
  if (quorum === undefined) return ['No member of etcd answered: whether there is a quorum is not known']
  const { voters, alive, needed, spare } = quorum
  const survives = spare > 0 ? `it survives the loss of ${spare === 1 ? 'one' : spare}` : spare === 0 ? 'it survives no loss' : 'it is lost'
  return [`Quorum: ${alive} of ${voters} voters, ${needed} needed; ${survives}`, 'fsync: 99 of 100 writes were on the disk in that time']
}

/** Where the snapshots are. */
const backups = (survey: EtcdSurvey): readonly string[] => {
  const elsewhere = [...survey.values()].some((one) => one.answered && one.value.toObjectStorage)
  return [
    elsewhere
      ? 'Snapshots are on the disks of the nodes, and k3s is told to send them to object storage too'
      : 'Snapshots are on the disks of the nodes alone, all at one provider: that is no backup',
  ]
}

/** For machines: ids whole, bytes and seconds as they were read. */
const documentOf = (survey: EtcdSurvey) => ({
  quorum: quorumOf(survey) ?? null,
  nodes: [...survey].map(([alias, found]) =>
    found.answered
      ? {
          alias,
          answered: true as const,
          member: memberAt(survey, alias) ?? null,
          toObjectStorage: found.value.toObjectStorage,
          snapshots: found.value.snapshots,
        }
      : { alias, answered: false as const, reason: reasonOf(found.error) },
  ),
})
