import { type Duration, minutes } from '../../clock.ts'
import { Blocked, Failed, Unreachable } from '../../errors.ts'
import { isOfTheWeb, plainWords, readRule } from '../../firewall-rule.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import { allowLine, deleteLine } from '../../ufw-lines.ts'
import { putBackKeysLine, removeKeysLine } from './authorized-keys.ts'
import { cleanPackagesLine, deleteSnapshotsLine, pruneLine, saveSnapshotLine, vacuumLine } from './clean-lines.ts'
import { k3sKubeconfigScript, keepKubeconfig, putBackKubeconfig } from './k3s-kubeconfig.ts'
import { dropK3sLine, fetchK3sLine, k3sUnitWordsLine, upgradeK3sLine } from './k3s-release.ts'
import { asRoot, type SayNodesOptions } from './over-ssh.ts'
import { dropDatabaseLine, keepDatabaseLine, moveDatabaseLine, resetEtcdLine, startK3sLine, stopK3sLine } from './restore-lines.ts'
import type { Answer } from './script.ts'
import { lastLine } from './trouble.ts'
import type { NodesWriter } from './types.ts'
import { rebootWhereAskedLine, updateLine, updateWordsLine } from './updates.ts'

/** Each image is waited for until its files are gone, a snapshot until it is on the disk. */
const cleaningWithin = minutes(3)

/** As root; the same line by hand. */
export const rebootLine = sh`systemctl reboot`

export const restartK3sLine = sh`systemctl restart k3s`

/** systemd waits for k3s to say that it is ready, for as long as that takes. */
const restartingWithin = minutes(5)

/** A hundred packages and a new kernel take some minutes, and a slow mirror its time. */
const updatingWithin = minutes(30)

/** The machine may be gone before it has said how the command ended. */
const isLost = (error: unknown): boolean => error instanceof Unreachable && error.code === 'ssh-lost'

/** systemd gives a service 90 s by default before it ends it by force. */
const stoppingWithin = minutes(2)

/** A few gigabytes at most, read, written and gone through by k3s on a small machine. */
const databaseWithin = minutes(10)

/** The writing half: each call changes one thing of one node. */
export const writeNodes = (
  ask: (alias: string, script: string, within?: Duration) => Promise<Answer>,
  saying: SayNodesOptions,
): NodesWriter => {
  /** Runs a line as root. Throws Failed (`node-refused`) with what it said where it did not end well. */
  const run = async (alias: string, line: ShellLine, within?: Duration): Promise<void> => {
    const { code, stderr, stdout } = await ask(alias, sh`root ${part(line)}`, within)
    if (code === 0) return
    throw new Failed({
      code: 'node-refused',
      failed: `${alias} refused "${line}"`,
      cause: lastLine(stderr) ?? lastLine(stdout) ?? `exit ${code}`,
      next: asRoot(saying)(alias, line),
    })
  }
  const start = async (alias: string, line: ShellLine): Promise<void> => {
    const { code, stderr } = await ask(alias, sh`root ${part(line)}`, restartingWithin)
    if (code === 0) return
    throw new Failed({
      code: 'node-refused',
      failed: `k3s of ${alias} did not start again`,
      // systemd says in two lines what failed and where more stands.
      cause: stderr.trim().split('\n').slice(-2).join(' ') || `exit ${code}`,
      next: asRoot(saying)(alias, sh`journalctl -u k3s -n 50`),
    })
  }
  /** Has systemd do it, and waits for the end of it. */
  const unit = async (alias: string, line: ShellLine, wordsLine: ShellLine, failed: string): Promise<void> => {
    const { code, stderr } = await ask(alias, sh`root ${part(line)}`, updatingWithin)
    if (code === 0) return
    // What it says goes to the journal; what systemd says of a unit that did not start, and sudo of its own, comes here.
    const { stdout } = await ask(alias, sh`root ${part(wordsLine)}`)
    throw new Failed({
      code: 'node-refused',
      failed,
      cause:
        stderr.split('\n').find((said) => /^(?:Failed to|sudo: )/.test(said)) ??
        stdout.split('\n').findLast((said) => said.startsWith('E: ')) ??
        `exit ${code}`,
      next: asRoot(saying)(alias, wordsLine),
    })
  }
  const ufw = async (alias: string, line: ShellLine, parts: readonly string[]): Promise<void> => {
    if (!parts.every((part) => plainWords.test(part)))
      throw new Failed({ code: 'ufw-odd-rule', failed: `"${line}" holds what no rule of UFW has`, state: 'It was not sent.' })
    // Exit 0 does not say that it was done: deleting an absent rule exits 0 too. The rules are read again for that.
    const { code, stderr, stdout } = await ask(alias, sh`root ${part(line)}`)
    if (code === 0) return
    throw new Failed({
      code: 'ufw-refused',
      failed: `${alias} refused "${line}"`,
      cause: lastLine(stderr) ?? lastLine(stdout) ?? `exit ${code}`,
      next: asRoot(saying)(alias, sh`ufw status verbose`),
    })
  }
  return {
    allowFrom: (alias, rule) => ufw(alias, allowLine(rule), [rule.source, rule.protocol, rule.comment]),
    deleteRule: async (alias, { spec }) => {
      // SSH is the way in for repairs, and the port may be any: only what speaks of the web's ports alone is ever deleted from here.
      if (!isOfTheWeb(readRule(spec)))
        throw new Blocked({
          code: 'ufw-ssh-rule',
          failed: `"${spec}" may be what lets SSH in to ${alias}`,
          next: asRoot(saying)(alias, sh`ufw status verbose`),
        })
      await ufw(alias, deleteLine({ spec }), [spec])
    },
    fetchKubeconfig: async (alias, copy) => {
      const { code, stdout, stderr } = await ask(alias, k3sKubeconfigScript)
      if (code !== 0)
        throw new Failed({
          code: 'node-refused',
          failed: `${alias} does not give its kubeconfig`,
          cause: lastLine(stderr) ?? `exit ${code}`,
        })
      await keepKubeconfig(alias, stdout, copy)
    },
    putBackKubeconfig,
    removeKeys: (alias, keys) => run(alias, removeKeysLine(keys)),
    putBackKeys: (alias, keys) => run(alias, putBackKeysLine(keys)),
    pruneImages: (alias) => run(alias, pruneLine, cleaningWithin),
    vacuumJournal: (alias, { megabytes }) => run(alias, vacuumLine(megabytes), cleaningWithin),
    cleanPackages: (alias) => run(alias, cleanPackagesLine, cleaningWithin),
    saveSnapshot: (alias, { name }) => run(alias, saveSnapshotLine(name), cleaningWithin),
    deleteSnapshots: (alias, names) => run(alias, deleteSnapshotsLine(names), cleaningWithin),
    stopK3s: (alias) => run(alias, stopK3sLine, stoppingWithin),
    startK3s: (alias) => start(alias, startK3sLine),
    restartK3s: (alias) => start(alias, restartK3sLine),
    keepDatabase: (alias, { keptAs }) => run(alias, keepDatabaseLine(keptAs), databaseWithin),
    dropDatabase: (alias, { keptAs }) => run(alias, dropDatabaseLine(keptAs), databaseWithin),
    resetEtcd: (alias, reset) => run(alias, resetEtcdLine(reset), databaseWithin),
    moveDatabase: (alias, { keptAs }) => run(alias, moveDatabaseLine(keptAs), databaseWithin),
    updatePackages: (alias) => unit(alias, updateLine, updateWordsLine, `apt of ${alias} did not come to its end`),
    fetchK3s: (alias, wanted) =>
      unit(alias, fetchK3sLine(wanted), k3sUnitWordsLine, `${alias} has not fetched k3s ${wanted.version}, and is as it was`),
    dropK3s: (alias, { version }) => run(alias, dropK3sLine(version)),
    upgradeK3s: (alias, { version }) =>
      unit(alias, upgradeK3sLine(version), k3sUnitWordsLine, `k3s of ${alias} was not brought to ${version}`),
    rebootWhereAsked: (alias) =>
      run(alias, rebootWhereAskedLine).catch((error: unknown) => {
        if (!isLost(error)) throw error
      }),
    reboot: (alias) =>
      run(alias, rebootLine).catch((error: unknown) => {
        if (!isLost(error)) throw error
      }),
  }
}
