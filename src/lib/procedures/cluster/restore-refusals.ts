import { bytes } from '../../facts/nodes/quantities.ts'
import { asRootOn } from '../../node-lines.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { RestoreFacts, RestoreServer } from './restore-facts.ts'

/** The line that shows k3s' own last words. */
export const log = (alias: string): string => asRootOn(alias, sh`journalctl -u k3s -n 50`)

/** A quorum is no lost one; k3s itself refuses to reset what joins others; and what has no room, or no way back in, is not begun. */
export const mayBegin = ({ first, others, away, named, quorum, keptAs, begun, snapshot }: RestoreFacts): Finding => {
  const { alias } = first.node
  const { databaseBytes = 0, joinsByFile, resetFlag, kept } = first.state
  const free = first.etcd.availableBytes ?? Number.POSITIVE_INFINITY
  const isKept = kept.some(({ name }) => name === keptAs)
  return every([
    when(
      begun || named || quorum === undefined || quorum.spare < 0,
      `etcd has its quorum: ${quorum?.alive} of ${quorum?.voters} voters answer, ${quorum?.needed} are needed; for a bad day, --snapshot names the one to go back to`,
      'honeydue cluster:etcd',
    ),
    when(
      !joinsByFile,
      `${alias} has "server:" in its /etc/rancher/k3s/config.yaml, and k3s resets none that joins another one: take that line out first, by hand`,
      'honeydue runbook:show cluster:restore',
    ),
    when(isKept || !resetFlag, `etcd of ${alias} has been reset by somebody, and k3s was not started since`, log(alias)),
    when(
      isKept || free > 3 * databaseBytes,
      `${alias} has ${bytes(free)} of its disk free; its database, ${bytes(databaseBytes)}, is copied and written anew`,
      'honeydue nodes:disk',
    ),
    ...(snapshot?.bytes === 0 ? [fails(`${snapshot.name} is empty`, 'honeydue cluster:etcd')] : []),
    ...others.map((other) => joinsAgain(other, away)),
  ])
}

/** Without its database a server joins where it is told to; without that it begins a cluster of its own. */
const joinsAgain = ({ node, state }: RestoreServer, away: RestoreFacts['away']): Finding => {
  const { joins } = state
  if (joins === undefined)
    return fails(
      `${node.alias} is told to join nobody ("server:" in its /etc/rancher/k3s/config.yaml): without its database it would begin a cluster of its own`,
      'honeydue runbook:show cluster:restore',
    )
  const host = URL.canParse(joins) ? new URL(joins).hostname : joins
  const missing = [node, ...away.map(([one]) => one)].find(({ address, hostname, alias }) => [address, hostname, alias].includes(host))
  return missing === undefined
    ? holds
    : fails(
        `${node.alias} is told to join ${host}, which is ${missing === node ? 'itself' : `${missing.alias} and does not answer`}`,
        'honeydue runbook:show cluster:restore',
      )
}
