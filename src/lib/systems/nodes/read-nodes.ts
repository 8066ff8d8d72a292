import { atMost, type Clock } from '../../clock.ts'
import type { SeenNode } from '../../node-lines.ts'
import type { Asker } from './ask.ts'
import { accountsScript, fingerprintOf, keysScript, readAccounts, readKeys } from './authorized-keys.ts'
import { bootScript, readBoot } from './boot.ts'
import type { Connector } from './connect.ts'
import { diskScript, litterScript, readDisk, readLitter } from './disk.ts'
import { etcdScript, readEtcd } from './etcd.ts'
import { factsScript, readFacts } from './facts.ts'
import { firewallScript, readFirewall } from './firewall.ts'
import { identitiesOf } from './identities.ts'
import { k3sCertificatesScript, readK3sCertificates } from './k3s-certificates.ts'
import { k3sKubeconfigScript, readK3sKubeconfig } from './k3s-kubeconfig.ts'
import { k3sInstalledScript, k3sReleaseScript, readK3sInstalled, readK3sRelease } from './k3s-release.ts'
import { knownKeys } from './known-hosts.ts'
import { masterAnswers } from './openssh.ts'
import { connectionsScript, originScript, readConnections, readOrigin } from './origin.ts'
import { resolveAlias } from './resolve.ts'
import type { Resolved } from './resolved.ts'
import { readRestore, restoreScript } from './restore.ts'
import { lacksSudo } from './script.ts'
import { readServed, servedScript } from './served.ts'
import { garbled, ufwUnreadable } from './trouble.ts'
import type { NodesReader } from './types.ts'
import { readUpdates, updatesScript } from './updates.ts'
import { wayTo } from './way.ts'

const readWithinMs = 15_000
const underWayWithin = 250

export interface ReadNodesOptions {
  readonly configFile?: string
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** Told what the configuration says of an alias that is looked up alone. */
  readonly resolved?: (host: Resolved) => void
}

/** The reading half: one script over SSH for each question. */
export const readNodes = ({
  options,
  connections,
  seen,
  ask,
  told,
}: {
  readonly options: ReadNodesOptions
  readonly connections: Connector
  /** What was seen of each alias, for the lines that are said afterwards. */
  readonly seen: Map<string, SeenNode>
} & Asker): NodesReader => {
  const reading = { timeoutMs: readWithinMs, ...(options.signal && { signal: options.signal }) }
  const saw = (alias: string, stdout: string): SeenNode => {
    const now = { options: seen.get(alias)?.options ?? [], lacksSudo: lacksSudo(stdout) }
    seen.set(alias, now)
    return now
  }
  return {
    async setup(alias) {
      const host = await resolveAlias(alias, options)
      options.resolved?.(host)
      const [known, identities, master] = await Promise.all([knownKeys(host), identitiesOf(host), masterAnswers(host, options.configFile)])
      return {
        alias,
        way: wayTo(host, { masterAnswers: master, known, identities }),
        hostname: host.hostname,
        port: host.port,
        user: host.user,
        knownAt: known.filter(({ mark }) => mark !== 'revoked').map(({ file, line }) => `${file}:${line}`),
        knownHosts: host.knownHosts,
        usableKeys: identities.methods.length,
        locked: identities.locked,
        absent: identities.absent,
        agent: identities.agent,
        ...(host.remoteCommand !== undefined && { remoteCommand: host.remoteCommand }),
      }
    },
    hostname: async (alias) => (await ask(alias, ':', reading)).answer.hostname,
    underWay: () => atMost(options.clock, underWayWithin, connections.underWay()),
    async facts(alias) {
      await connections.to(alias)
      const asked = options.clock.now().getTime()
      const { answer, startedAfterMs } = await ask(alias, factsScript, reading)
      // Opening the channel took one round trip, starting the command another; the node read its clock half a round trip before we heard of it.
      const latencyMs = startedAfterMs / 2
      // It may have been at once after we asked as well: on a busy line, or a busy machine of ours, that is much.
      const when = { midpoint: asked + 1.5 * latencyMs, within: 1.5 * latencyMs }
      return { ...readFacts(alias, answer, latencyMs, when), seen: saw(alias, answer.stdout) }
    },
    async boot(alias) {
      const answer = await told(alias, bootScript, reading)
      const boot = readBoot(answer)
      if (boot === undefined) throw garbled((await connections.to(alias)).host, answer.stderr)
      return boot
    },
    async k3sCertificates(alias) {
      const { code, stdout, stderr } = await told(alias, k3sCertificatesScript, reading)
      if (code !== 0) throw garbled((await connections.to(alias)).host, stderr)
      return readK3sCertificates(stdout)
    },
    async kubeconfig(alias) {
      const { code, stdout, stderr } = await told(alias, k3sKubeconfigScript, reading)
      const found = code === 0 ? readK3sKubeconfig(stdout) : undefined
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    async authorizedKeys(alias) {
      const said = await told(alias, accountsScript, reading)
      const accounts = said.code === 0 ? readAccounts(said.stdout) : undefined
      if (accounts === undefined) throw garbled((await connections.to(alias)).host, said.stderr)
      const { code, stdout, stderr } = await told(alias, keysScript([...accounts.files.keys()]), reading)
      if (code !== 0) throw garbled((await connections.to(alias)).host, stderr)
      return readKeys(stdout, accounts)
    },
    ownKeys: async (alias) => (await identitiesOf(await resolveAlias(alias, options))).blobs.map(fingerprintOf),
    admits: (alias, keyFile) => connections.admits(alias, keyFile),
    async disk(alias) {
      const { stdout, stderr } = await told(alias, diskScript, reading)
      const found = readDisk(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    async litter(alias) {
      const { stdout, stderr } = await told(alias, litterScript, reading)
      const found = readLitter(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    async updates(alias) {
      const { stdout, stderr } = await told(alias, updatesScript, reading)
      const found = readUpdates(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    async k3sInstalled(alias, version) {
      const { stdout, stderr } = await told(alias, k3sInstalledScript(version), reading)
      const found = readK3sInstalled(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    k3sRelease: async (alias, file) => readK3sRelease((await told(alias, k3sReleaseScript(file), reading)).stdout, file),
    async etcd(alias) {
      const { stdout, stderr } = await told(alias, etcdScript, reading)
      const found = readEtcd(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    async restore(alias) {
      const { stdout, stderr } = await told(alias, restoreScript, reading)
      const found = readRestore(stdout)
      if (found === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return found
    },
    forward: async (alias, target) => (await connections.to(alias)).forward(target.host, target.port),
    async firewall(alias) {
      const { host } = await connections.to(alias)
      const { code, stdout, stderr } = await told(alias, firewallScript, reading)
      if (code !== 0) throw ufwUnreadable(host, stderr)
      return { ...readFirewall(stdout), seen: saw(alias, stdout) }
    },
    origin: async (alias, urls) => (urls.length === 0 ? [] : readOrigin((await told(alias, originScript(urls), reading)).stdout, urls)),
    async served(alias, names) {
      const { code, stdout, stderr } = await told(alias, servedScript(names), reading)
      if (code !== 0) throw garbled((await connections.to(alias)).host, stderr)
      return readServed(stdout, names)
    },
    async connections(alias, port) {
      const { code, stdout, stderr } = await told(alias, connectionsScript(port), reading)
      const count = code === 0 ? readConnections(stdout) : undefined
      if (count === undefined) throw garbled((await connections.to(alias)).host, stderr)
      return count
    },
  }
}
