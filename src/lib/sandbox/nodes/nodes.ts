import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ApiState, apiState } from './api-state.ts'
import { authorizedFile } from './authorized.ts'
import { type K3sListener, listenAsK3s } from './k3s-listener.ts'
import { isCounted, joinEtcd, leaveEtcd } from './membership.ts'
import { type BootSpeed, type NodeFault, type NodeServer, type Reach, startNodeServer } from './server.ts'
import { newSshKey } from './ssh-key.ts'
import { bookNodes, type NodeFolder, type NodeIdentity, type NodeState, nodeFolder, writeCommands } from './state.ts'

/** One machine of the sandbox. */
interface SandboxNode extends NodeIdentity {
  /** On 127.0.0.1. */
  readonly port: number
  readonly state: NodeState
  /** PATH of its commands. */
  readonly path: string
  /** "ssh-ed25519 AAAA…", as known_hosts has it. */
  readonly hostKey: string
  up(): boolean
  /** What its kernel calls its present boot. */
  boot(): string
  /** Writes a file by its path below the node's root. */
  put(file: string, content: string): void
}

export interface NodesSandbox {
  readonly nodes: readonly SandboxNode[]
  /** For `ssh -F`. */
  readonly configFile: string
  readonly knownHostsFile: string
  readonly identityFile: string
  /** Another key that every node lets in: its private half, and its line. */
  readonly laptop: { readonly file: string; readonly public: string }
  node(alias: string): SandboxNode
  /** Says where on 127.0.0.1 a port of this node really is: for its own commands and for connections forwarded to itself. */
  lead(alias: string, port: number, to: number): void
  setUp(alias: string, up: boolean): Promise<void>
  /** What etcd and k3s of all of them come to: whether an API server has what it needs. */
  api(): ApiState
  /** Its Node object was deleted: k3s takes its member out of etcd. */
  leave(hostname: string): void
  /** Whether etcd counts it as a member. */
  isMember(alias: string): boolean
  /** Another machine of its host name in the place of one that is gone: set up as that was, with a host key, a boot and perhaps an address of its own. Its k3s joins. */
  succeed(alias: string, address?: string): Promise<void>
  /** As a command on it would: until it answers again and k3s is active. */
  reboot(alias: string): Promise<void>
  /** Shows a fault until the returned function is called (or `reset`). */
  fail(alias: string, fault: NodeFault): Promise<() => Promise<void>>
  /** Every node up, without faults, its state as at the start. */
  reset(): Promise<void>
  stop(): Promise<void>
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

const k3sConfigFile = 'etc/rancher/k3s/config.yaml'

/** The first one began the cluster, and the others have joined by it. Whether production is so is in no source. */
const k3sConfig = ({ alias }: NodeIdentity, [first]: readonly NodeIdentity[]): string =>
  first === undefined || first.alias === alias ? 'cluster-init: true\n' : `server: https://${first.address}:6443\n`

const sshConfig = (folder: string, nodes: readonly SandboxNode[]) =>
  nodes
    .map((node) =>
      [
        `Host ${node.alias}`,
        '  HostName 127.0.0.1',
        `  Port ${node.port}`,
        '  User root',
        `  HostKeyAlias ${node.address}`,
        `  UserKnownHostsFile "${join(folder, 'known_hosts')}"`,
        '  GlobalKnownHostsFile /dev/null',
        '  StrictHostKeyChecking yes',
        `  IdentityFile "${join(folder, 'id_ed25519')}"`,
        '  IdentityAgent none',
        '  IdentitiesOnly yes',
        '',
      ].join('\n'),
    )
    .join('\n')

/**
 * Starts three SSH servers with the book's alias, address and hostname, each with its own host key and state, and writes `dir/ssh/` for the system's `ssh -F`.
 * `reach` leads forwarded connections elsewhere; what it does not know goes to loopback, a node's address to that node, and nothing else is reached.
 */
export const startNodes = async (options: {
  dir: string
  nodes?: readonly NodeIdentity[]
  reach?: (host: string, port: number, alias: string) => ReturnType<Reach>
  speed?: Partial<BootSpeed>
  /** Files that every node begins with, by their path below its root. */
  files?: Readonly<Record<string, string>>
  /** The same for what its programs answer from. */
  state?: Readonly<Record<string, string>>
  /** Told of the snapshots of etcd that a command has saved, and of the one that it was reset to. */
  etcd?: { readonly saved: (name: string) => void; readonly restored: (name: string) => void }
}): Promise<NodesSandbox> => {
  const identities = options.nodes ?? bookNodes
  const dir = resolve(options.dir)
  const folder = join(dir, 'ssh')
  const [key, laptop] = [newSshKey('honeydue-sandbox'), newSshKey('operator@laptop')]
  const machines = new Map<
    string,
    { node: SandboxNode; server: NodeServer; folder: NodeFolder; listening: K3sListener; addresses: string[] }
  >()

  const reachFrom =
    (from: NodeIdentity): Reach =>
    (host, port) => {
      const known = options.reach?.(host, port, from.alias)
      if (known) return known
      const own = machines.get(from.alias)?.folder.led(port)
      if (own !== undefined && (loopback.has(host) || host === from.address)) return { host: '127.0.0.1', port: own }
      if (loopback.has(host)) return { host: '127.0.0.1', port }
      const machine = [...machines.values()].find(({ node }) => node.address === host || node.hostname === host)
      return machine && port === 22 ? { host: '127.0.0.1', port: machine.node.port } : undefined
    }

  const commands = join(dir, 'nodes', 'commands')
  writeCommands(commands)
  for (const identity of identities) {
    const place = nodeFolder(
      join(dir, 'nodes', identity.alias),
      commands,
      identity,
      { ...options.files, [k3sConfigFile]: k3sConfig(identity, identities), [authorizedFile]: `${key.public}\n${laptop.public}\n` },
      options.state,
      identities.map(({ hostname }) => hostname),
    )
    const listening = await listenAsK3s(place)
    place.lead(6443, listening.port)
    const addresses: string[] = []
    const server = await startNodeServer({
      folder: place,
      reach: reachFrom(identity),
      speed: { bootMs: 8000, k3sMs: 4000, ...options.speed },
      onEnd: () => {
        const { saved, restored } = place.snapshotsTold()
        for (const name of saved) options.etcd?.saved(name)
        if (restored !== undefined) options.etcd?.restored(restored)
      },
    })
    machines.set(identity.alias, {
      node: {
        ...identity,
        get address() {
          return addresses[0] ?? identity.address
        },
        port: server.port,
        state: place,
        path: place.path,
        get hostKey() {
          return server.hostKey
        },
        up: server.up,
        boot: place.boot,
        put: place.put,
      },
      server,
      folder: place,
      listening,
      addresses,
    })
  }
  const nodes = [...machines.values()].map(({ node }) => node)
  const machine = (alias: string) => {
    const found = machines.get(alias)
    if (!found) throw new Error(`no node ${alias} in the sandbox`)
    return found
  }

  const configFile = join(folder, 'config')
  const knownHostsFile = join(folder, 'known_hosts')
  const identityFile = join(folder, 'id_ed25519')
  const laptopFile = join(folder, 'laptop_ed25519')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  rmSync(identityFile, { force: true })
  writeFileSync(identityFile, key.private, { mode: 0o600 })
  writeFileSync(`${identityFile}.pub`, `${key.public}\n`)
  rmSync(laptopFile, { force: true })
  writeFileSync(laptopFile, laptop.private, { mode: 0o600 })
  const writeKnownHosts = () =>
    writeFileSync(knownHostsFile, identities.map(({ alias, address }) => `${address} ${machine(alias).node.hostKey}\n`).join(''))
  writeKnownHosts()
  const othersThan = (hostname: string) =>
    [...machines.values()].filter(({ node }) => node.hostname !== hostname).map(({ folder: place }) => place)
  let succeeded = false
  writeFileSync(configFile, sshConfig(folder, nodes), { mode: 0o600 })

  return {
    nodes,
    configFile,
    knownHostsFile,
    identityFile,
    laptop: { file: laptopFile, public: laptop.public },
    node: (alias) => machine(alias).node,
    lead: (alias, port, to) => machine(alias).folder.lead(port, to),
    setUp: (alias, up) => machine(alias).server.set(up ? undefined : 'down'),
    api: () => apiState([...machines.values()].map(({ server, folder: place }) => ({ ...place, up: server.up() }))),
    leave: (hostname) => leaveEtcd(hostname, othersThan(hostname)),
    isMember: (alias) => isCounted(machine(alias).node.hostname, othersThan(machine(alias).node.hostname)),
    async succeed(alias, address) {
      const { node, server, folder: place, addresses } = machine(alias)
      succeeded = true
      addresses.splice(0, 1, ...(address === undefined ? [] : [address]))
      place.enter()
      place.reset()
      const [other] = nodes.filter((one) => one !== node && one.up())
      place.put(k3sConfigFile, k3sConfig(node, other ? [other] : []))
      place.write('address', `${node.address}\n`)
      joinEtcd(node.hostname, place, othersThan(node.hostname))
      await server.succeed()
    },
    reboot: (alias) => machine(alias).server.reboot(),
    async fail(alias, fault) {
      const { server } = machine(alias)
      await server.set(fault)
      return () => server.set(undefined)
    },
    async reset() {
      for (const { addresses } of machines.values()) addresses.length = 0
      if (succeeded) writeKnownHosts()
      succeeded = false
      for (const { server, folder: place } of machines.values()) {
        await server.still()
        await server.set(undefined)
        place.reset()
      }
    },
    async stop() {
      await Promise.all([...machines.values()].flatMap(({ server, listening }) => [server.stop(), listening.stop()]))
    },
  }
}
