import { age } from '../../age.ts'
import { counted, few } from '../../counted.ts'
import { asRootOn, onNode } from '../../node-lines.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { NodeUpdates, PendingPackage } from '../../systems/nodes/updates.ts'
import { bytes } from './quantities.ts'

const day = 86_400
/** apt's own timer fetches the lists twice a day. Mirrors lose what older ones name. */
export const oldLists = 3 * day

const [megabyte, gigabyte] = [1024 ** 2, 1024 ** 3]
/** A package is fetched, and unpacked beside the one that it takes the place of. */
const unpacked = 6
/** A kernel with what it starts from, where /boot is a file system of its own. */
const ofKernel = 300 * megabyte

export const ofSecurity = (packages: readonly PendingPackage[]): readonly PendingPackage[] => packages.filter(({ security }) => security)

/** Those of security first, each by name. */
export const securityFirst = (packages: readonly PendingPackage[]): readonly PendingPackage[] =>
  [...packages].sort((one, other) => Number(other.security) - Number(one.security) || (one.name < other.name ? -1 : 1))

/** Nothing is pending, by lists that are not old, and nothing waits for a boot. */
export const isUpToDate = (alias: string, found: NodeUpdates): Finding => {
  const { packages, refused, rebootRequired, rebootFor } = found
  const fresh = areFresh(alias, found)
  if (!fresh.ok) return fresh
  if (packages === undefined) return fails(`what is pending on ${alias} is not known: ${refused}`)
  if (packages.length > 0)
    return fails(
      `${counted(packages.length, 'package is', 'packages are')} pending on ${alias}: ${few(
        securityFirst(packages).map(({ name }) => name),
        3,
      )}`,
    )
  return when(!rebootRequired, `${alias} waits for a reboot${rebootFor.length > 0 ? `, of ${few(rebootFor, 3)}` : ''}`)
}

/** What keeps apt from bringing a node up to date. */
export const mayUpdate = (alias: string, found: NodeUpdates): Finding =>
  every([
    when(found.packages !== undefined, `what is pending on ${alias} is not known: ${found.refused}`, onNode(alias, sh`apt-get -s upgrade`)),
    areFresh(alias, found),
    when(
      found.lockedBy === undefined,
      `the packages of ${alias} are locked by process ${found.lockedBy}`,
      onNode(alias, sh`ps -fp ${found.lockedBy?.split(' ')[0] ?? ''}`),
    ),
    when(
      found.halfDone === undefined,
      `dpkg of ${alias} has not ended what it began: ${found.halfDone}`,
      asRootOn(alias, sh`dpkg --configure -a`),
    ),
    when(
      found.refusedRoot === undefined,
      `who signs in to ${alias} may not update it: ${found.refusedRoot}`,
      asRootOn(alias, sh`apt-get --with-new-pkgs upgrade`, undefined, ['-t']),
    ),
    hasRoom(alias, found),
  ])

const areFresh = (alias: string, { listsAgeSeconds }: NodeUpdates): Finding =>
  when(
    listsAgeSeconds === undefined || listsAgeSeconds <= oldLists,
    `${alias} last fetched its lists of packages ${age(listsAgeSeconds ?? 0)} ago: newer updates are not known, and what they name may be gone`,
    asRootOn(alias, sh`apt-get update`),
  )

const hasRoom = (alias: string, { downloadBytes = 0, fileSystems, packages = [] }: NodeUpdates): Finding => {
  if (packages.length === 0) return holds
  const wanted = downloadBytes * unpacked + gigabyte / 2
  const kernel = packages.some(({ name }) => name.startsWith('linux-image-'))
  const short = fileSystems.flatMap(({ mountedOn, availableBytes }) => {
    const need = mountedOn === '/boot' ? (kernel ? ofKernel : 0) : wanted
    return availableBytes < need
      ? [`${alias} has ${bytes(availableBytes)} free on ${mountedOn}, and unpacking takes up to ${bytes(need)}`]
      : []
  })
  return when(short.length === 0, short.join('; '), sh`honeydue nodes:disk ${alias}`)
}
