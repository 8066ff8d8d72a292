import { minutes } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { answer } from '../../facts/answer.ts'
import { daysLeft, expiry } from '../../facts/cert/days.ts'
import { memberAt, quorumOf, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { type K3sCertificateFacts, readAll, renewedWithin } from '../../facts/cluster/k3s-certificates.ts'
import { servedAt6443 } from '../../k3s.ts'
import { asRootOn } from '../../node-lines.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import type { RoundRobinNode } from '../edge/round-robin-facts.ts'
import type { RenewCertsFacts } from './renew-certs-facts.ts'

type Needs = 'nodes' | 'kube'

/** What is served at 6443 is renewed once the API is up; where that fails at first, k3s tries again after five minutes. */
const patience = minutes(7)

const own = (found: readonly K3sCertificateFacts[]) => found.filter(({ authority }) => !authority)
const soon = (found: readonly K3sCertificateFacts[], now: Date) => own(found).filter(({ facts }) => daysLeft(facts, now) < renewedWithin)
const ended = (found: readonly K3sCertificateFacts[], now: Date) => own(found).some(({ facts }) => facts.notAfter <= now)
const dayOf = ({ facts }: K3sCertificateFacts): string => facts.notAfter.toISOString().slice(0, 10)

export const renewOn = (facts: RenewCertsFacts, { alias }: RoundRobinNode): Change<Needs> => {
  const { certificates, now } = facts
  const asked = certificates.nodes.get(alias)
  const found = asked?.answered ? asked.value : []
  const [first] = own(found)
  const many = soon(found, now).length
  return {
    title: `Restart k3s on ${alias}`,
    effect: [
      {
        what: `certificates of k3s on ${alias}`,
        before: first ? `the first ends on ${dayOf(first)}` : 'unknown',
        after: 'they last a year',
        ...(many > 0 && { note: `${many} of ${own(found).length} end within ${renewedWithin} days` }),
      },
    ],
    unknown: 'whether k3s comes back is known only by doing it',
    check: async () =>
      asked?.answered
        ? every([authoritiesLast(alias, found, now), quorumHolds(facts, alias)])
        : fails(`${alias} shows no certificates: ${asked ? reasonOf(asked.error) : 'it was not asked'}`, 'honeydue nodes:status'),
    apply: (write) => write.nodes.restartK3s(alias),
    verify: async (look) => {
      const read = await answer(look.nodes.k3sCertificates(alias).then(readAll))
      return read.answered
        ? allLast(alias, read.value, now)
        : fails(`${alias} does not answer: ${reasonOf(read.error)}`, 'honeydue nodes:status')
    },
    within: patience,
    shows: (prove) => prove.nodes.k3sCertificatesLast(alias, { days: renewedWithin, within: patience }),
    undo: { impossible: 'a certificate does not grow old again; the one before it is good until its own end' },
  }
}

/** The files, and what a handshake shows: a process that was not restarted goes on with what it has read. */
const allLast = (alias: string, found: readonly K3sCertificateFacts[], now: Date): Finding => {
  const [first] = soon(found, now)
  return every([
    when(own(found).length > 1, `${alias} has no certificates of k3s`, asRootOn(alias, sh`ls /var/lib/rancher/k3s/server/tls`)),
    when(
      found.some(({ file }) => file === servedAt6443),
      `no handshake with ${alias} at 6443 comes to its end`,
      asRootOn(alias, sh`journalctl -u k3s -n 50`),
    ),
    first ? fails(`${first.file} of ${alias} ends on ${dayOf(first)}`, asRootOn(alias, sh`journalctl -u k3s -n 50`)) : holds,
  ])
}

const authoritiesLast = (alias: string, found: readonly K3sCertificateFacts[], now: Date): Finding =>
  every(
    found
      .filter(({ authority, facts }) => authority && daysLeft(facts, now) < renewedWithin)
      .map(({ file, facts }) =>
        fails(
          `the authority ${file} of ${alias} ${expiry(facts, now)}: a restart helps nothing that it has signed`,
          'honeydue cluster:certs',
        ),
      ),
  )

/** One may be away where the others are enough without it; a server whose own certificates have ended is away for them already. */
const quorumHolds = ({ certificates, etcd, now, aliases }: RenewCertsFacts, alias: string): Finding => {
  const hasEnded = (one: string) => {
    const found = certificates.nodes.get(one)
    return found?.answered === true && ended(found.value, now)
  }
  const found = certificates.nodes.get(alias)
  const idle = found?.answered === true && soon(found.value, now).length === 0
  if (idle || hasEnded(alias)) return holds
  const quorum = quorumOf(etcd)
  if (quorum === undefined) return fails('etcd answers on no server', 'honeydue cluster:etcd')
  const other = aliases.find((one) => one !== alias && hasEnded(one))
  return when(
    quorum.spare > 0,
    `etcd has no quorum while ${alias} restarts: ${quorum.alive} of ${quorum.voters} voters answer, ${quorum.needed} are needed`,
    other === undefined ? 'honeydue cluster:etcd' : sh`honeydue cluster:renew-certs ${other}`,
  )
}

/** A leader it has once enough others are back; on the day on which all certificates have ended, that is not before the second. */
export const votesAgain = ({ aliases, now }: RenewCertsFacts, { alias }: RoundRobinNode): Proof<Needs> => ({
  title: `etcd of ${alias} votes`,
  onlyAfterwards: true,
  holds: async ({ nodes }: Readers<'nodes'>) => {
    const [etcd, ...found] = await Promise.all([
      surveyEtcd(aliases, nodes),
      ...aliases.map((one) => answer(nodes.k3sCertificates(one).then(readAll))),
    ])
    const member = memberAt(etcd, alias)
    const alone = found.some((one) => one.answered && ended(one.value, now))
    return every([
      when(member !== undefined, `etcd of ${alias} does not answer`, asRootOn(alias, sh`journalctl -u k3s -n 50`)),
      when(member?.isLearner !== true, `etcd of ${alias} has no vote yet`),
      when(alone || member?.hasLeader !== false, `etcd of ${alias} has no leader`, 'honeydue cluster:etcd'),
    ])
  },
  within: patience,
})

export const quorumIsThere = ({ aliases, servers }: RenewCertsFacts): Proof<Needs> => ({
  title: 'etcd has its quorum',
  onlyAfterwards: true,
  holds: async ({ nodes }: Readers<'nodes'>) => {
    const quorum = quorumOf(await surveyEtcd(aliases, nodes))
    return when(
      quorum !== undefined && quorum.spare >= 0,
      `${quorum?.alive ?? 0} of ${quorum?.voters ?? aliases.length} voters of etcd answer`,
      'honeydue cluster:etcd',
    )
  },
  within: patience,
  shows: (prove) => prove.nodes.etcdHealthy(servers[0]?.alias ?? '', patience),
})
