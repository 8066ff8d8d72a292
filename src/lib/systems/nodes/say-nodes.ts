import { part, type ShellLine, sh } from '../../shell.ts'
import { allowLine, deleteLine } from '../../ufw-lines.ts'
import type { System } from '../systems.ts'
import { putBackKeysLine, removeKeysLine } from './authorized-keys.ts'
import { cleanPackagesLine, deleteSnapshotsLine, pruneLine, saveSnapshotLine, vacuumLine } from './clean-lines.ts'
import { k3sKubeconfig, keepLines, putBackLine } from './k3s-kubeconfig.ts'
import { dropK3sLine, fetchK3sLine, upgradeK3sLine } from './k3s-release.ts'
import { asRoot, type SayNodesOptions } from './over-ssh.ts'
import { dropDatabaseLine, keepDatabaseLine, moveDatabaseLine, resetEtcdLine, startK3sLine, stopK3sLine } from './restore-lines.ts'
import type { NodesReader, NodesWriter } from './types.ts'
import { rebootWhereAskedLine, updateLine } from './updates.ts'
import { rebootLine, restartK3sLine } from './write-nodes.ts'

/** ssh ends with 255 where the machine is gone before it has said how the command ended. */
const mayBeLost = (line: ShellLine): ShellLine => sh`${part(line)} || test $? = 255`

/** The shell line of every writer call: the same words over SSH, where the machine is the one that the environment names. */
export const sayNodes = (options: SayNodesOptions): System<NodesReader, NodesWriter>['say'] => {
  const root = asRoot(options)
  return {
    allowFrom: (alias, rule) => ({ line: root(alias, allowLine(rule)), target: `UFW of ${alias}: ${rule.source} → ${rule.port}` }),
    deleteRule: (alias, rule) => ({ line: root(alias, deleteLine(rule)), target: `UFW of ${alias}: ${rule.spec}` }),
    fetchKubeconfig: (alias, copy) => ({
      line: keepLines(root(alias, sh`cat ${k3sKubeconfig}`), copy),
      target: `the file ${copy.path}`,
    }),
    putBackKubeconfig: (path) => ({ line: putBackLine(path), target: `the file ${path}` }),
    removeKeys: (alias, keys) => ({ line: root(alias, removeKeysLine(keys)), target: `${keys.path} on ${alias}` }),
    putBackKeys: (alias, keys) => ({ line: root(alias, putBackKeysLine(keys)), target: `${keys.path} on ${alias}` }),
    pruneImages: (alias) => ({ line: root(alias, pruneLine), target: `images on ${alias}` }),
    vacuumJournal: (alias, { megabytes }) => ({ line: root(alias, vacuumLine(megabytes)), target: `the journal of ${alias}` }),
    cleanPackages: (alias) => ({ line: root(alias, cleanPackagesLine), target: `apt's cache on ${alias}` }),
    saveSnapshot: (alias, { name }) => ({ line: root(alias, saveSnapshotLine(name)), target: `a snapshot on ${alias}` }),
    deleteSnapshots: (alias, names) => ({ line: root(alias, deleteSnapshotsLine(names)), target: `snapshots on ${alias}` }),
    stopK3s: (alias) => ({ line: root(alias, stopK3sLine), target: `k3s on ${alias}` }),
    startK3s: (alias) => ({ line: root(alias, startK3sLine), target: `k3s on ${alias}` }),
    keepDatabase: (alias, { keptAs }) => ({ line: root(alias, keepDatabaseLine(keptAs)), target: `the database of ${alias}` }),
    dropDatabase: (alias, { keptAs }) => ({ line: root(alias, dropDatabaseLine(keptAs)), target: `the copy ${keptAs} on ${alias}` }),
    resetEtcd: (alias, reset) => ({ line: root(alias, resetEtcdLine(reset)), target: `etcd on ${alias}` }),
    moveDatabase: (alias, { keptAs }) => ({ line: root(alias, moveDatabaseLine(keptAs)), target: `the database of ${alias}` }),
    restartK3s: (alias) => ({ line: root(alias, restartK3sLine), target: `k3s on ${alias}` }),
    fetchK3s: (alias, wanted) => ({ line: root(alias, fetchK3sLine(wanted)), target: `k3s ${wanted.version} on ${alias}` }),
    dropK3s: (alias, { version }) => ({ line: root(alias, dropK3sLine(version)), target: `k3s ${version} on ${alias}` }),
    upgradeK3s: (alias, { version }) => ({ line: root(alias, upgradeK3sLine(version)), target: `k3s on ${alias}` }),
    updatePackages: (alias) => ({ line: root(alias, updateLine), target: `the packages of ${alias}` }),
    rebootWhereAsked: (alias) => ({ line: mayBeLost(root(alias, rebootWhereAskedLine)), target: `the machine ${alias}` }),
    reboot: (alias) => ({ line: mayBeLost(root(alias, rebootLine)), target: `the machine ${alias}` }),
  }
}
