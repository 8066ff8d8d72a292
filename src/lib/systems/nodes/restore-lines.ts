import { keptAt, serverFolder } from '../../k3s.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import { snapshotFolder } from './disk.ts'
import type { EtcdReset } from './restore-types.ts'

const db = `${serverFolder}/db`

export const stopK3sLine = sh`systemctl stop k3s`
export const startK3sLine = sh`systemctl start k3s`

/** What runs writes to it. */
const refuseRunning = sh`if systemctl is-active --quiet k3s; then echo k3s runs >&2; exit 1; fi`

/** A copy, which is there as a whole or not at all; one that is there is never written over, and none is made of what is written to. */
export const keepDatabaseLine = (name: string): ShellLine => {
  const [place, half] = [keptAt(name), `${keptAt(name)}.part`]
  const copy = sh`test -d ${place} || { ${part(refuseRunning)}; rm -rf ${half} && mkdir -m 700 ${half} && cp -a ${`${db}/etcd`} ${half} && mv ${half} ${place}; }`
  return sh`sh -c ${copy}`
}

export const dropDatabaseLine = (name: string): ShellLine => {
  const drop = sh`test -e ${`${keptAt(name)}/reset`} || rm -rf ${keptAt(name)}`
  return sh`sh -c ${drop}`
}

/** k3s moves what it replaces beside it, too (etcd-old-…). What has been reset and not been started is not reset again. */
export const resetEtcdLine = ({ keptAs, snapshot }: EtcdReset): ShellLine => {
  const from = snapshot === undefined ? [] : [`--cluster-reset-restore-path=${snapshotFolder}/${snapshot}`]
  const k3s = sh`k3s server ${words(['--cluster-reset', ...from])}`
  const kept = keptAt(keptAs)
  const reset = sh`test -d ${kept} && { test -e ${`${db}/reset-flag`} || ${part(k3s)}; } && touch ${`${kept}/reset`}`
  return sh`sh -c ${reset}`
}

/** The whole folder, snapshots too, as k3s documents it for servers that join again. */
export const moveDatabaseLine = (name: string): ShellLine => {
  const move = sh`test -d ${keptAt(name)} || { ${part(refuseRunning)}; mv ${db} ${keptAt(name)}; }`
  return sh`sh -c ${move}`
}
