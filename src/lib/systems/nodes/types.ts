import type { Duplex } from 'node:stream'
import type { Duration } from '../../clock.ts'
import type { FirewallRule, SourceRule } from '../../firewall-rule.ts'
import type { SeenNode } from '../../node-lines.ts'
import type { Wanted } from '../http/types.ts'
import type { Shown, System } from '../systems.ts'
import type { NodeDisk, NodeLitter } from './disk-types.ts'
import type { NodeEtcd } from './etcd-types.ts'
import type { Absent } from './identities.ts'
import type { AdminKubeconfig, K3sCertificate, KubeconfigCopy } from './k3s-own.ts'
import type { K3sProver, K3sReader, K3sWriter } from './k3s-release.ts'
import type { KeysReader, KeysWriter, LeavingKeys } from './keys-types.ts'
import type { EtcdReset, NodeRestore } from './restore-types.ts'
import type { NodeUpdates } from './updates.ts'
import type { Way } from './way.ts'

/** What one script prints about a node in one round trip; what the node could not say is absent. */
export interface NodeFacts {
  readonly alias: string
  /** The host's own name: the end of the mapping that only SSH can tell. */
  readonly hostname: string
  readonly latencyMs: number
  readonly uptimeSeconds?: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number]
  readonly cpus?: number
  readonly memory?: { readonly totalBytes: number; readonly availableBytes: number }
  /** The root file system. */
  readonly disk?: { readonly totalBytes: number; readonly availableBytes: number }
  readonly k3sVersion?: string
  /** systemd's word: active, inactive, failed, activating … */
  readonly k3sService?: string
  readonly firewall: { readonly active: boolean } | { readonly unknown: string }
  readonly rebootRequired: boolean
  /** The node's clock minus ours, by how much that may be wrong, and whether it says that it is synchronized. */
  readonly clock: { readonly offsetMs?: number; readonly withinMs?: number; readonly synchronized?: boolean }
  /** What a line to be pasted must do about it. */
  readonly seen?: SeenNode
}

export interface CommandOutput {
  readonly code: number | null
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
}

/** What this machine holds for reaching a node; nothing is connected to. */
export interface NodeSetup {
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** Lines of known_hosts that speak of it, as `file:line`. */
  readonly knownAt: readonly string[]
  readonly knownHosts: readonly string[]
  /** Keys that can be offered without a passphrase, the agent's counted as one. */
  readonly usableKeys: number
  /** Encrypted identity files that no agent holds. */
  readonly locked: readonly string[]
  /** Identities whose private half is not to be had here, and that no agent holds. */
  readonly absent: readonly Absent[]
  readonly agent: 'answers' | 'silent' | 'none'
  /** The configuration's RemoteCommand: `ssh alias COMMAND`, typed by hand, is refused by ssh itself. */
  readonly remoteCommand?: string
  /** How it is reached, and why so. */
  readonly way: Way
}

export interface Firewall {
  readonly active: boolean
  /** What happens to what no rule speaks of: deny, reject, allow. */
  readonly incoming: string
  /** In the order in which they meet IPv4, the inactive firewall's too. */
  readonly rules: readonly FirewallRule[]
  /** Those that meet IPv6, in their order there; where it is not known, that of `rules`. */
  readonly rules6?: readonly FirewallRule[]
  /** False where UFW leaves IPv6 alone (IPV6=no): it takes no rule for it. */
  readonly ipv6?: boolean
  /** Interfaces of the default routes: where the Internet comes in. */
  readonly interfaces?: readonly string[]
  /** The node's addresses at those interfaces: where connections from the Internet arrive. */
  readonly addresses?: readonly string[]
  /** What a line to be pasted must do about the node. */
  readonly seen?: SeenNode
  /** How this program came in: from which address, at which port of the node. */
  readonly ssh?: { readonly client: string; readonly port: number }
}

/** What the node's own 443 answered to one URL; `because` where it did not. */
export type OriginAnswer = { readonly url: string } & (
  | { readonly status: number; readonly latencyMs: number }
  | { readonly because: string }
)

/** What the node's own 443 serves for one name: PEM; absent where no handshake came to its end. */
export interface ServedCertificate {
  readonly name: string
  readonly certificate?: string
}

/** The boot that a node runs in, and whether it may be ended. */
export interface Boot {
  /** The kernel's own: another one after each boot. */
  readonly id: string
  /** By the node's own clock. */
  readonly ageSeconds: number
  /** Why who signs in may not reboot it, in sudo's words. */
  readonly refused?: string
}

export interface NodesReader extends K3sReader, KeysReader {
  /** How the alias would be reached. Throws Unreachable (`ssh-not-installed`, `ssh-config`). */
  setup(alias: string): Promise<NodeSetup>
  /** What the machine behind the alias calls itself. Throws Unreachable with a code `ssh-…`. */
  hostname(alias: string): Promise<string>
  /**
   * Until every node asked so far has been sent its first words, or cannot be, and no longer than a quarter of a second: what costs this
   * machine time is then best done.
   */
  underWay(): Promise<void>
  /** Everything of one node in one round trip. Throws Unreachable with a code `ssh-…`. */
  facts(alias: string): Promise<NodeFacts>
  boot(alias: string): Promise<Boot>
  /** Its own, those of its authorities, and what a handshake at 6443 shows, where one comes to its end. Throws Unreachable (`ssh-command`) where root may not be asked. */
  k3sCertificates(alias: string): Promise<readonly K3sCertificate[]>
  /** Of k3s' own kubeconfig. Throws Unreachable (`ssh-command`) where root may not be asked, or there is none. */
  kubeconfig(alias: string): Promise<AdminKubeconfig>
  /** What apt would bring to another version, and what waits for a boot: by its lists as they are, nothing is fetched. */
  updates(alias: string): Promise<NodeUpdates>
  /** What fills its disk, counted for some seconds at most. Throws Unreachable (`ssh-command`) where root may not be asked. */
  disk(alias: string): Promise<NodeDisk>
  /** What of it can be cleaned; the same without the long counting. */
  litter(alias: string): Promise<NodeLitter>
  /** Its member of etcd, and the snapshots on it. Throws Unreachable (`ssh-command`) where root may not be asked. */
  etcd(alias: string): Promise<NodeEtcd>
  /** How far a restore of etcd has come on it, and what one would find. Throws Unreachable (`ssh-command`) where root may not be asked. */
  restore(alias: string): Promise<NodeRestore>
  /** A connection from the node to `host:port`, for Redis when the API server is down. Throws Unreachable (`ssh-forward-refused`). */
  forward(alias: string, target: { readonly host: string; readonly port: number }): Promise<Duplex>
  /** UFW's state and rules. Throws Unreachable (`ssh-sudo`, `ssh-command`). */
  firewall(alias: string): Promise<Firewall>
  /** What the node's own port 443 answers to these https URLs, asked from the node. */
  origin(alias: string, urls: readonly string[]): Promise<readonly OriginAnswer[]>
  /** The certificate that the node's own 443 serves for each of these names, asked from the node in one round trip. */
  served(alias: string, names: readonly string[]): Promise<readonly ServedCertificate[]>
  /** Established connections to a TCP port of the node. */
  connections(alias: string, port: number): Promise<number>
}

/** Each call changes one thing of one node. Throws Unreachable (`ssh-…`), Failed (`ufw-refused`, `node-refused`). */
export interface NodesWriter extends K3sWriter, KeysWriter {
  /** Adds an allow rule, or sets the comment of the one that is there. */
  allowFrom(alias: string, rule: SourceRule & { readonly comment: string }): Promise<void>
  /** Deletes by specification: an absent rule is no error, so read the rules again. Throws Blocked (`ufw-ssh-rule`) for one that is not of a source at one port, and may be SSH's. */
  deleteRule(alias: string, rule: Pick<FirewallRule, 'spec'>): Promise<void>
  /** Reboots it at once. That the connection is lost over it is no failure: whether it has booted anew is to be read. */
  reboot(alias: string): Promise<void>
  /**
   * Brings every package to the version that apt's lists have, configuration files kept; systemd does it, which a lost connection does not cut off. Throws Failed
   * (`node-refused`) with apt's last error.
   */
  updatePackages(alias: string): Promise<void>
  /** Reboots it where something that was installed asks for it; that the connection is lost over it is no failure. */
  rebootWhereAsked(alias: string): Promise<void>
  /** Restarts k3s alone, until it is active again; what runs in containers goes on. */
  restartK3s(alias: string): Promise<void>
  /** Stops k3s alone; what runs in containers goes on. */
  stopK3s(alias: string): Promise<void>
  /** Starts it, until it is active: a server without a quorum never is. */
  startK3s(alias: string): Promise<void>
  /** Copies the database of a server whose k3s is stopped; a copy of that name that is there stays as it is. */
  keepDatabase(alias: string, copy: { readonly keptAs: string }): Promise<void>
  /** Removes such a copy; where etcd was reset since, it stays: it is all that is left. */
  dropDatabase(alias: string, copy: { readonly keptAs: string }): Promise<void>
  /** Makes the server the only member of etcd. Nothing takes that back. */
  resetEtcd(alias: string, reset: EtcdReset): Promise<void>
  /** Moves the database of a server whose k3s is stopped out of its place, its snapshots too. */
  moveDatabase(alias: string, copy: { readonly keptAs: string }): Promise<void>
  /** Removes every image that no container of the node uses and that is not pinned, whichever they are by then. */
  pruneImages(alias: string): Promise<void>
  /** Ends the journal's present files and removes its oldest until it takes no more than so many megabytes. */
  vacuumJournal(alias: string, most: { readonly megabytes: number }): Promise<void>
  /** Removes the packages that apt has fetched. */
  cleanPackages(alias: string): Promise<void>
  /** Has k3s save a snapshot of etcd on the node's own disk, under this name with the host's and the time behind it. */
  saveSnapshot(alias: string, snapshot: { readonly name: string }): Promise<void>
  /** Removes these of the node's own snapshots of etcd; one that is not there is no error. */
  deleteSnapshots(alias: string, names: readonly string[]): Promise<void>
  /** Fetches k3s' own kubeconfig, puts address and names right, and puts it in the place of the one here, which stays beside it as `….old`. Throws Failed (`kubeconfig-odd`). */
  fetchKubeconfig(alias: string, copy: KubeconfigCopy): Promise<void>
  /** The one before into its place again. */
  putBackKubeconfig(path: string): Promise<void>
}

/** Times in milliseconds. */
export interface NodesProver extends K3sProver {
  /** UFW has these rules, as `ufw` takes them, and has those no more. */
  rules(alias: string, rules: { readonly there?: readonly string[]; readonly gone?: readonly string[] }): Shown
  /** UFW lets in at a port whatever stands in the script's `ranges`, by a rule of its own or as somebody says who has looked. */
  letsIn(alias: string, port: number): Shown
  /** The last connection to a TCP port of the node is gone. */
  noConnections(alias: string, port: number, within: Duration): Shown
  /** It has booted within the last so many seconds, as seen within `within`. */
  booted(alias: string, wanted: { readonly youngerThan: Duration; readonly within: Duration }): Shown
  /** No line of a file has one of these keys. */
  lacksKeys(alias: string, keys: Pick<LeavingKeys, 'path' | 'blobs'>): Shown
  /** apt has nothing pending there, and nothing waits for a boot. */
  upToDate(alias: string, within: Duration): Shown
  /** So many percent of its disk are free. */
  hasRoom(alias: string, wanted: { readonly percent: number }): Shown
  /** There is a snapshot of that name on its disk that is younger. */
  snapshotSaved(alias: string, wanted: { readonly name: string; readonly youngerThan: Duration }): Shown
  /** systemd says that k3s is stopped, and does not start it again. */
  k3sStopped(alias: string, within: Duration): Shown
  /** systemd says that k3s is active. */
  k3sActive(alias: string, within: Duration): Shown
  /** Every certificate of k3s, and the one that its 6443 serves, lasts so many days more. */
  k3sCertificatesLast(alias: string, wanted: { readonly days: number; readonly within: Duration }): Shown
  /** etcd there calls itself healthy. */
  etcdHealthy(alias: string, within: Duration): Shown
  /** Each node's own 443 serves the key of the certificate in a file, for every name. */
  serves(wanted: {
    readonly aliases: readonly string[]
    readonly names: readonly string[]
    readonly certificate: string
    readonly within: Duration
  }): Shown
  /** The node's own 443 answers these so, asked from the node. */
  answersItself(alias: string, urls: readonly Wanted[]): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly nodes: System<NodesReader, NodesWriter, NodesProver>
  }
}
