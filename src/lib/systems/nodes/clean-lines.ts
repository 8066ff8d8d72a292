import { type ShellLine, sh, words } from '../../shell.ts'

/** What nothing uses, by containerd's own count at that moment. */
export const pruneLine = sh`k3s crictl rmi --prune`

/** Without --rotate nothing is freed of the files that are written to now (systemd 252). */
export const vacuumLine = (megabytes: number): ShellLine => sh`journalctl --rotate --vacuum-size=${`${megabytes}M`}`

export const cleanPackagesLine = sh`apt-get clean`

export const deleteSnapshotsLine = (names: readonly string[]): ShellLine => sh`k3s etcd-snapshot delete ${words(names)}`

export const saveSnapshotLine = (name: string): ShellLine => sh`k3s etcd-snapshot save --name ${name}`
