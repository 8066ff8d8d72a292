import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { type EtcdSurvey, newestOf, type Quorum, quorumOf } from '../../facts/cluster/etcd.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { silentNode } from '../../facts/nodes/silent.ts'
import { asRootOn, onNode } from '../../node-lines.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { EtcdMember, NodeEtcd } from '../../systems/nodes/etcd-types.ts'

/** Of its quota: etcd takes no write when it is full. */
const nearlyFull = 0.8
/** etcd's own advice is ten milliseconds; the class above sixteen is where elections begin to fail. */
const slowWrites = 0.032
/** k3s makes one at midnight and at noon. */
const [late, tooLate] = [13 * 3600, 25 * 3600]

const wrong = (text: string, next: string): Observation => ({ level: 'wrong', text, next })
const warning = (text: string, next: string): Observation => ({ level: 'warning', text, next })

/** What is wrong with etcd and its snapshots, worst first: the quorum leads. */
export const etcdFindings = (survey: EtcdSurvey, now: Date): readonly Observation[] => {
  const quorum = quorumOf(survey)
  const found = [
    ...(quorum ? ofQuorum(quorum, survey) : []),
    ...[...survey].flatMap(([alias, one]) => (one.answered ? ofNode(alias, one.value, now) : [silentNode(alias, one.error)])),
  ]
  return worstFirst(found)
}

const ofQuorum = ({ voters, alive, needed, spare, unseen }: Quorum, survey: EtcdSurvey): readonly Observation[] => {
  const strangers = [...survey.values()].every((one) => one.answered && one.value.member !== undefined) ? unseen : []
  return [
    ...(spare < 0
      ? [
          wrong(
            `etcd has lost its quorum: ${alive} of ${counted(voters, 'voter')} answer, ${needed} are needed; the Kubernetes API takes nothing until another one is back. Where none comes back, the one that is left can go on alone: cluster:restore`,
            'honeydue runbook:show cluster:restore',
          ),
        ]
      : []),
    ...(spare === 0
      ? [
          wrong(
            `etcd would lose its quorum with one more member: ${alive} of ${counted(voters, 'voter')} answer, ${needed} are needed`,
            'honeydue nodes:status',
          ),
        ]
      : []),
    ...strangers.map((id) =>
      warning(`etcd has a member ${id} that is on no node of the environment, and counts for its quorum`, 'kubectl get nodes -o wide'),
    ),
  ]
}

const ofNode = (alias: string, { member, snapshots }: NodeEtcd, now: Date): readonly Observation[] => [
  ...(member ? ofMember(alias, member) : [wrong(`etcd of ${alias} does not answer`, asRootOn(alias, sh`journalctl -u k3s -n 50`))]),
  ...ofSnapshots(alias, newestOf(snapshots), now),
]

const ofMember = (alias: string, member: EtcdMember): readonly Observation[] => {
  const { complaint, hasLeader, isLearner, databaseBytes, quotaBytes, fsyncSeconds } = member
  const log = asRootOn(alias, sh`journalctl -u k3s -n 50`)
  return [
    ...(hasLeader ? [] : [wrong(`etcd of ${alias} has no leader`, 'honeydue nodes:status')]),
    // That there is no leader is said already.
    ...(complaint && hasLeader
      ? [
          wrong(
            `etcd of ${alias} says ${complaint}${complaint.includes('NOSPACE') ? ': it takes no write until there is room and the alarm is disarmed' : ''}`,
            complaint.includes('NOSPACE') ? 'honeydue runbook:show cluster:etcd' : log,
          ),
        ]
      : []),
    ...(databaseBytes > quotaBytes * nearlyFull
      ? [
          wrong(
            `etcd of ${alias} has ${bytes(databaseBytes)} of ${bytes(quotaBytes)}: when it is full, nothing in the cluster can be changed`,
            'honeydue runbook:show cluster:etcd',
          ),
        ]
      : []),
    ...(isLearner ? [warning(`etcd of ${alias} is a learner: it has no vote yet`, log)] : []),
    ...(fsyncSeconds !== undefined && fsyncSeconds >= slowWrites
      ? [
          warning(
            `etcd of ${alias}: one in a hundred writes to its disk takes up to ${Math.round(fsyncSeconds * 1000)} ms; ten are advised`,
            onNode(alias, sh`uptime`),
          ),
        ]
      : []),
  ]
}

const ofSnapshots = (alias: string, newest: Date | undefined, now: Date): readonly Observation[] => {
  const next = 'honeydue cluster:snapshot --dry-run'
  if (newest === undefined) return [wrong(`${alias} has no snapshot of etcd`, next)]
  const seconds = (now.getTime() - newest.getTime()) / 1000
  if (seconds < late) return []
  const text = `The newest snapshot on ${alias} is ${age(seconds)} old: k3s makes one every twelve hours`
  return [seconds < tooLate ? warning(text, next) : wrong(text, next)]
}
