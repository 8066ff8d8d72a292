import { compareK3s, type K3sVersion, k3sVersionOf } from '../../k3s-version.ts'
import { asRootOn, onNode } from '../../node-lines.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { DeprecatedApi } from '../../systems/kube/deprecated.ts'
import type { K3sInstalled, K3sRelease } from '../../systems/nodes/k3s-release.ts'
import type { Told } from '../edge/survey.ts'
import { bytes } from '../nodes/quantities.ts'

/** One server, and the release that it is to run. */
export interface UpgradeOf {
  readonly alias: string
  /** What its kubelet reports: of a server, its API server and etcd are the same program. */
  readonly from: string
  readonly to: K3sVersion
  readonly isServer: boolean
  readonly architecture: string
  readonly installed: Told<K3sInstalled>
  /** Undefined where the release has no file for its architecture. */
  readonly release: Told<K3sRelease> | undefined
}

/** The program is fetched, and at its first start it unpacks what it brings: some three times as much. */
const unpacked = 5
/** Of a release that does not say how large its file is. */
const likely = 100 * 1024 ** 2

/** Every reason against it that can be known before anything is changed. */
export const mayUpgrade = (one: UpgradeOf): Finding => {
  const skew = mayFollow(one)
  return skew.ok ? every([isUsual(one), isToBeHad(one), hasRoom(one)]) : skew
}

/** By Kubernetes' policy for the skew of versions: API servers go one minor release at a time, and never back. */
const mayFollow = ({ alias, from, to }: UpgradeOf): Finding => {
  const now = k3sVersionOf(from)
  if (now === undefined) return fails(`${alias} runs "${from}", which is no release of k3s`, 'honeydue nodes:status')
  if (compareK3s(now, to) > 0)
    return fails(`${alias} runs ${from}, which is newer than ${to.text}: k3s goes back by cluster:restore alone`, 'honeydue nodes:status')
  return when(
    now.major === to.major && to.minor - now.minor <= 1,
    `${alias} runs ${from}, and ${to.text} skips a minor release: v${now.major}.${now.minor + 1} comes first`,
    'honeydue nodes:status',
  )
}

/** As k3s' own installer leaves it, on a server. */
const isUsual = ({ alias, isServer, installed }: UpgradeOf): Finding => {
  if ('because' in installed) return fails(`${alias} does not answer: ${installed.because}`, 'honeydue nodes:status')
  const { version, program, refusedRoot } = installed.value
  return every([
    when(isServer, `${alias} is no server of the cluster: this upgrades servers`, 'honeydue nodes:status'),
    when(
      program === '/usr/local/bin/k3s',
      `systemd of ${alias} starts ${program ?? 'nothing'} as k3s, and what this puts there is /usr/local/bin/k3s`,
      onNode(alias, sh`systemctl cat k3s`),
    ),
    when(
      version !== undefined,
      `/usr/local/bin/k3s of ${alias} is no file of its own that says its version`,
      onNode(alias, sh`ls -l /usr/local/bin/k3s`),
    ),
    when(
      refusedRoot === undefined,
      `who signs in to ${alias} may not upgrade it: ${refusedRoot}`,
      asRootOn(alias, sh`systemctl status k3s`, undefined, ['-t']),
    ),
  ])
}

const isToBeHad = ({ alias, to, architecture, release }: UpgradeOf): Finding => {
  if (release === undefined) return fails(`which file of k3s is for ${alias}, whose architecture is "${architecture}", is not known`)
  if ('because' in release) return fails(`${alias} does not answer: ${release.because}`, 'honeydue nodes:status')
  const { value } = release
  return 'because' in value ? fails(`${alias} does not get ${to.text}: ${value.because}`, onNode(alias, sh`curl -IL ${value.url}`)) : holds
}

const hasRoom = ({ alias, installed, release }: UpgradeOf): Finding => {
  const size = release && 'value' in release && 'bytes' in release.value ? (release.value.bytes ?? likely) : likely
  const free = 'value' in installed ? installed.value.availableBytes : undefined
  return when(
    free === undefined || free >= unpacked * size,
    `${alias} has ${bytes(free ?? 0)} free, and k3s with what it unpacks takes up to ${bytes(unpacked * size)}`,
    sh`honeydue nodes:disk ${alias}`,
  )
}

/** What has been asked for since the API server started, and is gone in that release. */
export const removedIn = (asked: readonly DeprecatedApi[], { major, minor }: K3sVersion): readonly DeprecatedApi[] =>
  asked.filter(({ removedIn: release }) => {
    const [, first, second] = /^(\d+)\.(\d+)$/.exec(release ?? '') ?? []
    return first !== undefined && Number(first) === major && Number(second) <= minor
  })
